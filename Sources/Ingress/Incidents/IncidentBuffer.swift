import QueueCore

/// What waits to be told to the store besides deliveries: incidents, and which sources get good
/// deliveries again.
///
/// Bounded: what finds no room is counted, in one row for its kind and source.
struct IncidentBuffer {
    /// What is written at once.
    struct Contents: Sendable {
        var incidents: [Incident] = []
        var recovered: [String] = []

        var isEmpty: Bool { incidents.isEmpty && recovered.isEmpty }
    }

    /// The subject of those that found no room.
    static let others = "others"

    private var incidents: [Incident.Key: Incident] = [:]
    /// In the order in which they came.
    private var keys: [Incident.Key] = []
    private var recovered: Set<String> = []
    /// Sources of which no open incident is known to this process, since their last good delivery.
    private var sound: Set<String> = []
    /// What the store is just being told.
    private var writing = Contents()
    private let most: Int

    init(most: Int = IngressLimits.incidentsWaiting) {
        self.most = most
    }

    var isEmpty: Bool { keys.isEmpty && recovered.isEmpty }

    mutating func add(_ incident: Incident) {
        if incident.kind.isOfStrangers {
            sound.remove(incident.source)
            recovered.remove(incident.source)
        }
        merge(incident)
    }

    /// Notes that a sender proved where its delivery comes from.
    ///
    /// - Returns: whether the store has to be told: after each incident of its source once, and
    ///   once in each process, which does not know what those before it wrote.
    mutating func noteGood(_ source: String) -> Bool {
        guard sound.insert(source).inserted else { return false }
        recovered.insert(source)
        return true
    }

    /// Hands all of it out, to be written; what came of that is told next.
    mutating func beginWriting() -> Contents {
        writing = Contents(incidents: all, recovered: recovered.sorted())
        forget()
        return writing
    }

    /// What was handed out is in the store.
    mutating func written() {
        writing = Contents()
    }

    /// What was handed out could not be written, and waits again.
    mutating func notWritten() {
        let newer = all
        incidents = [:]
        keys = []
        for incident in writing.incidents + newer { merge(incident) }
        // Unless one of their senders did wrong meanwhile.
        recovered.formUnion(writing.recovered.filter { sound.contains($0) })
        writing = Contents()
    }

    /// Empties it at the end of the process.
    ///
    /// - Returns: all that is not known to be in the store.
    mutating func takeAll() -> [Incident] {
        notWritten()
        defer { forget() }
        return all
    }

    private mutating func forget() {
        incidents = [:]
        keys = []
        recovered = []
    }

    private var all: [Incident] { keys.compactMap { incidents[$0] } }

    private mutating func merge(_ incident: Incident) {
        if incidents[incident.key] != nil {
            incidents[incident.key]?.add(incident)
            return
        }
        guard keys.count < most || incident.subject == Self.others else {
            var counted = incident
            counted.subject = Self.others
            counted.detail = "more than \(most) incidents waited to be written: the log names these"
            merge(counted)
            return
        }
        incidents[incident.key] = incident
        keys.append(incident.key)
    }
}
