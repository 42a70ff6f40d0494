import Dispatch

/// The thread that SQLite calls block: the store actor runs here, so that no event loop and no
/// thread of the cooperative pool ever waits for a disk or a file lock.
///
/// It is a task executor too: a loop that mostly calls the store (the ingress's group commit) can
/// run on it whole, which saves two thread switches per commit.
package final class StoreExecutor: SerialExecutor, TaskExecutor {
    private let queue = DispatchQueue(label: "samovar.store", qos: .userInitiated)

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            unsafe job.runSynchronously(
                isolatedTo: self.asUnownedSerialExecutor(),
                taskExecutor: self.asUnownedTaskExecutor()
            )
        }
    }

    /// Runs something short there, after what waits already.
    package func run(_ work: @escaping @Sendable () -> Void) {
        queue.async { work() }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }
}
