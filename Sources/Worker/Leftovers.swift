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

    /// Kills them and waits until they are gone.
    ///
    /// - Returns: false when some are still there after five seconds (a disk that hangs).
    func killAll() async -> Bool {
        for _ in 0..<Self.looks {
            let found = find()
            if found.isEmpty { return true }
            for pid in found { kill(pid, SIGKILL) }
            // A killed process needs a moment to go; cancellation only makes the looks quicker.
            try? await Task.sleep(for: Self.pause)
        }
        return false
    }

    private static let pause = Duration.milliseconds(5)
    private static let looks = 1000

    private func find() -> [pid_t] {
        let entries = try? FileManager.default.contentsOfDirectory(atPath: "/proc")
        guard let entries else { preconditionFailure("/proc cannot be read: is it mounted?") }
        return entries.compactMap { pid_t($0) }.filter(isLeft)
    }

    /// Processes of other users cannot be read and cannot be ours; zombies have no environment.
    private func isLeft(_ pid: pid_t) -> Bool {
        guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else {
            return false
        }
        let bytes = Data([0]) + environment
        return marks.allSatisfy { bytes.range(of: $0) != nil }
    }
}
