import Logging
import QueueCore

/// Looks after the file of a worker's own lock, which says to others that it lives.
struct LockKeeper {
    let lock: WorkerLock
    let inbox: Inbox
    let logger: Logger
    private var isLost = false

    init(lock: WorkerLock, inbox: Inbox, logger: Logger) {
        self.lock = lock
        self.inbox = inbox
        self.logger = logger
    }

    /// Makes the file anew when it is gone; what others made of it meanwhile, the loop asks the
    /// store.
    mutating func look() {
        do throws(StoreError) {
            if try lock.keep() { return }
            isLost = false
            logger.warning(
                "this worker's lock file was gone, and is made anew: leave the folder alone",
                metadata: ["file": "\(lock.path)"]
            )
            inbox.doubt()
        } catch {
            // Others may take its jobs at any time. Tried again at the next look, and told once.
            inbox.doubt()
            if isLost { return }
            isLost = true
            logger.error(
                "this worker's lock file is gone and cannot be made: others take it for dead",
                metadata: ["error": "\(error)", "hint": "\(error.operatorHint)"]
            )
        }
    }
}
