import Foundation
import QueueCore
import Spawn

/// A search for the processes of some attempts, look by look; what is found is killed.
///
/// Found is who is in a session that was noted, or has an attempt's marks in its environment, and
/// whoever descends from those, or is in a session that one of them made. Signals go through
/// pidfds, so that they never meet a later process of the same pid.
struct ProcessHunt {
    private struct Held {
        var handle: ProcessHandle
        var token: AttemptToken
    }

    private let attempts: Set<AttemptToken>
    private let notes: [SessionNote]
    private let marks: HandlerMarks?
    private var held: [ProcessLife: Held] = [:]
    private var looksAtUnknown = 0
    private(set) var killed: [KilledProcess] = []

    /// Who was found, and has not ended.
    var living: [ProcessLife] { held.keys.sorted { $0.pid < $1.pid } }

    /// Without `marks` no environment is read.
    init(_ attempts: Set<AttemptToken>, notes: [SessionNote], marks: HandlerMarks?) {
        self.attempts = attempts
        self.notes = notes
        self.marks = marks
    }

    /// Looks once, and kills.
    ///
    /// A process that was killed counts until it has really ended: one that is still ending has
    /// lost its memory, and holds its files and their locks.
    ///
    /// - Returns: the attempts of which something is still there.
    mutating func look() -> Set<AttemptToken> {
        // Started by one of these handlers, this worker is no part of it any more.
        let processes = ProcessStat.all().filter { $0.pid != getpid() }
        var left: Set<AttemptToken> = []
        let (owners, areSomeUnknown) = self.owners(of: processes)
        for process in processes where !process.hasEnded {
            guard let token = owners[process.pid] else { continue }
            kill(process.life, of: token)
            // Whatever came of it: what it may have started meanwhile is found by the next look.
            left.insert(token)
        }
        held = held.filter { !$0.value.handle.hasEnded }
        left.formUnion(held.values.map(\.token))
        guard left.isEmpty, areSomeUnknown else { return left }
        looksAtUnknown += 1
        return looksAtUnknown < Self.looksAtUnknownMost ? attempts : []
    }

    /// A program that is just being executed has its environment after some microseconds, and one
    /// that is ending is gone as soon; a tenth of a second is more than enough.
    private static let looksAtUnknownMost = 20

    /// Kills a process, and notes the first time that it did; who may not be killed now may be at
    /// the next look.
    private mutating func kill(_ life: ProcessLife, of token: AttemptToken) {
        // One that is gone, or that there is no descriptor for now.
        guard let handle = held[life]?.handle ?? (try? ProcessHandle(life)) else { return }
        held[life] = Held(handle: handle, token: token)
        // Before: it may be gone right after.
        let name = ProcessName(pid: life.pid)?.program ?? "a process"
        guard handle.send(SIGKILL) == 0 else { return }
        if !killed.contains(where: { $0.life == life }) {
            killed.append(KilledProcess(life: life, name: name, attempt: token))
        }
    }

    // MARK: Whose they are

    private func owners(
        of processes: [ProcessStat]
    ) -> (owners: [Int32: AttemptToken], areSomeUnknown: Bool) {
        var owners: [Int32: AttemptToken] = [:]
        var unknown: [Int32] = []
        if let marks {
            for process in processes where !process.hasEnded {
                switch marks.finding(of: process) {
                case .of(let token): if attempts.contains(token) { owners[process.pid] = token }
                case .another: break
                case .unknown: unknown.append(process.pid)
                }
            }
        }
        let sessions = Dictionary(grouping: processes, by: \.session)
        for note in notes {
            let members = sessions[note.leader.pid] ?? []
            let leader = processes.first { $0.pid == note.leader.pid }
            guard isOurs(note, leader, members, owners) else { continue }
            // The leader too, when it has ended: others may descend from it.
            for member in members where owners[member.pid] == nil {
                owners[member.pid] = note.token
            }
        }
        addDescendants(of: &owners, among: processes)
        return (owners, unknown.contains { owners[$0] == nil })
    }

    /// Whether a session is still the one of the note.
    ///
    /// While its leader is there, reaped or not, nobody else can have its number. After that the
    /// number may be another session's, once none of ours is left in it; so one of its processes
    /// must prove that it is ours, by its environment or by the pipe it prints to.
    private func isOurs(
        _ note: SessionNote,
        _ leader: ProcessStat?,
        _ members: [ProcessStat],
        _ owners: [Int32: AttemptToken]
    ) -> Bool {
        if let leader { return leader.life == note.leader }
        return members.contains { member in
            owners[member.pid] == note.token || prints(member.pid, to: note.output)
        }
    }

    private func prints(_ pid: Int32, to output: String?) -> Bool {
        guard let output else { return false }
        return [STDOUT_FILENO, STDERR_FILENO].contains { descriptor in
            // Gone, or another user's.
            let link = "/proc/\(pid)/fd/\(descriptor)"
            return (try? FileManager.default.destinationOfSymbolicLink(atPath: link)) == output
        }
    }

    private func addDescendants(
        of owners: inout [Int32: AttemptToken],
        among processes: [ProcessStat]
    ) {
        var isComplete = owners.isEmpty
        while !isComplete {
            isComplete = true
            for process in processes where owners[process.pid] == nil {
                guard let token = owners[process.parent] ?? owners[process.session] else {
                    continue
                }
                owners[process.pid] = token
                isComplete = false
            }
        }
    }
}

/// A process that was killed because it was a dead worker's, or belonged to an attempt that was
/// stopped.
struct KilledProcess: Sendable {
    let life: ProcessLife
    let name: String
    let attempt: AttemptToken

    var pid: Int32 { life.pid }
}
