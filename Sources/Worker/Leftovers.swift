import Foundation
import QueueCore

/// The processes of one attempt that outlived its worker, found in /proc by their environment.
///
/// A handler may fork away from its session, but not from its environment. The store's id is
/// looked for too: another store on this machine has tokens of the same numbers.
struct Leftovers: Sendable {
    private let marks: [Data]

    init(token: AttemptToken, storeID: String) {
        marks = [
            Data("\0SAMOVAR_TOKEN=\(token)\0".utf8), Data("\0SAMOVAR_STORE=\(storeID)\0".utf8),
        ]
    }

    /// Kills them and waits until each has really ended: one that is still ending has lost its
    /// memory, and holds its files and their locks.
    ///
    /// - Parameter patience: by default the work loop waits meanwhile: far less than a lease. Who
    ///   asks tries again.
    /// - Returns: false when some are still there after that time (a disk that hangs).
    func killAll(within patience: Duration = .seconds(5)) async -> Bool {
        var killed: Set<ProcessLife> = []
        var looksWithNothingToKill = 0
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            let found = find()
            for pid in found.ours {
                // One that is gone by now has ended.
                if let stat = ProcessStat(pid) { killed.insert(stat.life) }
                kill(pid, SIGKILL)
            }
            killed = killed.filter { !$0.hasEnded }
            if found.ours.isEmpty, killed.isEmpty {
                looksWithNothingToKill += 1
                if !found.areSomeUnknown || looksWithNothingToKill >= Self.looksAtUnknown {
                    return true
                }
            }
            // A process needs a moment to go, or to begin; cancellation only makes the looks
            // quicker.
            try? await Task.sleep(for: Self.pause)
        }
        return false
    }

    private static let pause = Duration.milliseconds(5)

    /// A program whose environment stays empty was started with none; one that is just being
    /// executed has it after some microseconds, and one that is ending is gone as soon.
    ///
    /// A tenth of a second tells them apart.
    private static let looksAtUnknown = 20

    private enum Kind {
        case ours
        case another
        /// It has no environment, or not yet, or not any more: exec lets go of the worker's lock
        /// before it fills in the environment, and who ends loses it before his own locks.
        case unknown
    }

    private func find() -> (ours: [pid_t], areSomeUnknown: Bool) {
        let entries = try? FileManager.default.contentsOfDirectory(atPath: "/proc")
        guard let entries else { preconditionFailure("/proc cannot be read: is it mounted?") }
        let kinds = entries.compactMap { pid_t($0) }.map { pid in (pid: pid, kind: kind(of: pid)) }
        return (
            kinds.filter { $0.kind == .ours }.map(\.pid),
            kinds.contains { $0.kind == .unknown }
        )
    }

    /// Processes of other users cannot be read, and cannot be ours.
    private func kind(of pid: pid_t) -> Kind {
        guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else {
            // Some kernels refuse to open it when there is none any more.
            return ProcessStat(pid)?.isEnding == true ? .unknown : .another
        }
        guard !environment.isEmpty else {
            return ProcessStat(pid)?.isRunningProgram == true ? .unknown : .another
        }
        let bytes = Data([0]) + environment
        return marks.allSatisfy { bytes.range(of: $0) != nil } ? .ours : .another
    }
}
