import QueueCore
import Settings

extension RetryPolicy {
    /// As a handler's section `retry` says.
    init(_ settings: RetrySettings) {
        self.init(attempts: settings.attempts, base: settings.base, cap: settings.cap)
    }
}
