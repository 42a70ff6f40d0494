import NIOCore
import Program
import QueueCore
import Settings

/// What the ingress says of itself at its health port.
enum IngressState: Equatable, Sendable {
    /// It takes deliveries; the note says how, if not into the store.
    case ready(note: String?)

    /// It answers, but takes none.
    case notReady(String)

    /// Nobody answers: a sentence that says so.
    case silent(String)
}

/// The health port that a configuration names, and what it answered.
struct IngressFacts: Equatable, Sendable {
    /// `127.0.0.1:8481`.
    var health: String
    var state: IngressState

    /// Facts that are known.
    init(health: String, state: IngressState) {
        self.health = health
        self.state = state
    }

    /// Asks, and waits for a second at most.
    ///
    /// Nil when there is nobody to ask: no health port, one that the system chooses, or one of
    /// another machine; also when a mistake hides it.
    init?(asking configuration: Configuration) async throws {
        guard !configuration.unread.contains(.ingress) else { return nil }
        try await self.init(asking: configuration.ingress)
    }

    init?(asking ingress: IngressSettings) async throws {
        guard let health = ingress.health?.local, health.port != 0, health.isLoopback else {
            return nil
        }
        self.health = "\(health)"
        let url = ingress.readyURL
        do {
            let answer = try await IngressClient.with(patience: Self.patience) { client in
                try await client.get(url)
            }
            let note = answer.trimmedBody == #"{"status":"ready"}"# ? nil : answer.text
            state = answer.status == 200 ? .ready(note: note) : .notReady(answer.text)
        } catch let failure as Failure {
            state = .silent(failure.message)
        }
    }

    /// Nobody wants to wait for `status`; an ingress that is well answers within milliseconds.
    private static let patience = TimeAmount.seconds(1)
}

// MARK: - What it means

extension IngressFacts {
    var diagnosis: Diagnosis {
        switch state {
        case .ready(let note):
            Diagnosis(.site, "ingress", .ok, note.map { "ready: \($0)" } ?? "ready at \(health)")
        case .notReady(let reason):
            Diagnosis(
                .site,
                "ingress",
                .warning,
                "not ready: \(reason)",
                hint: "Deliveries are refused with 503: its log says why."
            )
        case .silent(let reason):
            Diagnosis(
                .site,
                "ingress",
                .warning,
                reason,
                hint: "Deliveries get lost while it is away: systemctl status samovar-ingress, "
                    + "or start `samovar up`."
            )
        }
    }

    var cell: Cell {
        switch state {
        case .ready(nil): Cell("ready")
        case .ready(let note?): Cell("ready: \(note)", tone: .attention)
        case .notReady(let reason): Cell("not ready: \(reason)", tone: .bad)
        case .silent(let reason): Cell(reason, tone: .bad)
        }
    }

    var json: JSONValue {
        let (isAnswering, isReady, note): (Bool, Bool, String?) =
            switch state {
            case .ready(let note): (true, true, note)
            case .notReady(let reason): (true, false, reason)
            case .silent(let reason): (false, false, reason)
            }
        return .object([
            ("health", .string(health)), ("answers", .boolean(isAnswering)),
            ("ready", .boolean(isReady)), ("note", .optional(note)),
        ])
    }
}
