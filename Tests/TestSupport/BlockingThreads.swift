import Foundation

/// Runs each step of a task on a thread of its own, which may block: tests that drive sockets and
/// processes wait for them plainly, and the cooperative pool never does.
package final class BlockingThreads: TaskExecutor {
    package static let shared = BlockingThreads()

    private init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread {
            unsafe job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }
}
