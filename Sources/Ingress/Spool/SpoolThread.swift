import Dispatch
import QueueCore

/// The thread that the spool's disk blocks: never the store's, whose trouble the spool is for, and
/// never the event loop.
final class SpoolThread: Sendable {
    private let queue = DispatchQueue(label: "samovar.spool", qos: .userInitiated)

    /// Runs something after what waits already.
    func enqueue(_ work: @escaping @Sendable () -> Void) {
        queue.async { work() }
    }

    /// Runs something, and waits for what comes of it.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(SpoolError) -> Value
    ) async throws(SpoolError) -> Value {
        let result = await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { () throws(SpoolError) in try work() })
            }
        }
        return try result.get()
    }
}
