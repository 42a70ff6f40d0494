package import QueueCore
package import Settings

extension RetentionSettings {
    /// The same as the store takes it.
    package var retention: Retention {
        Retention(bodies: bodies, jobs: jobs, deliveries: deliveries)
    }
}
