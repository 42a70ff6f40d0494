import Foundation
import Synchronization

/// Reaps what handlers leave behind in a container where this process is PID 1, and so the parent of
/// every process whose own parent has ended (pid_namespaces(7)): otherwise each stays a zombie and
/// keeps its pid until the container's limit is reached.
package enum OrphanReaper {
    /// Reaps from now on, to the end of the process; does nothing in a process that is not PID 1.
    package static func start() {
        guard getpid() == 1 else { return }
        // Looking costs a file for each process, and nobody waits for it.
        Thread.detachNewThread {
            while true {
                sleep(1)
                Self.look()
            }
        }
    }

    private static func look() {
        let ended = endedChildren()
        for pid in OwnChildren.ledger.withLock({ $0.orphans(among: ended) }) {
            var status: Int32 = 0
            // One that is gone all the same is what was wanted.
            _ = unsafe waitpid(pid, &status, WNOHANG)
        }
    }

    /// The zombies whose parent this process is.
    private static func endedChildren() -> [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { pid in
            // Gone since.
            let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") ?? Data()
            // State and parent follow the name, which is in parentheses and may contain anything.
            let fields = String(decoding: stat, as: UTF8.self).split(separator: ") ").last?
                .split(separator: " ")
            guard let fields, fields.count > 1 else { return false }
            return fields[0] == "Z" && Int32(fields[1]) == getpid()
        }
    }
}
