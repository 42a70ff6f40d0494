import Foundation
import Synchronization

/// Whether a thread that does a service's work still comes round.
package final class Pulse: Sendable {
    private let beats = Atomic<Int>(0)
    private let thread = Atomic<UInt>(0)
    private let name = Mutex("")

    /// A pulse that never beat.
    package init() {}

    /// Called by the thread whenever it comes round.
    package func beat() {
        let current = UInt(pthread_self())
        if thread.exchange(current, ordering: .relaxed) != current {
            // The kernel's name of the thread, which a queue may change now and then.
            let task = try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/thread-self"
            )
            // Without /proc a thread that waits for a disk is taken for a dead one.
            name.withLock { $0 = task ?? "" }
        }
        beats.wrappingAdd(1, ordering: .relaxed)
    }

    /// How often it beat.
    var count: Int { beats.load(ordering: .relaxed) }

    /// Whether the thread is in the kernel and waits for a disk (state D, proc(5)).
    var waitsForDisk: Bool {
        let task = name.withLock(\.self)
        guard !task.isEmpty, let bytes = FileManager.default.contents(atPath: "/proc/\(task)/stat")
        else { return false }
        // The state follows the name, which is in parentheses and may contain anything.
        let text = String(decoding: bytes, as: UTF8.self)
        return text.split(separator: ") ").last?.first == "D"
    }
}
