/// How much `samovar-worker` does at once, and where it shows how it is.
package struct WorkerSettings: Sendable, Equatable {
    /// Jobs at the same time in one process, 1...1024.
    package var slots: Int

    /// How long a job stays claimed by a worker that no longer renews it: one that is stuck.
    ///
    /// A dead one is noticed at once.
    package var lease: Duration

    /// How long handlers may go on once the worker is asked to stop.
    package var shutdownGrace: Duration

    /// Where health and metrics are; nil for nowhere.
    package var health: HostPort?

    /// Settings with the defaults for what is left out.
    package init(
        slots: Int = 8,
        lease: Duration = .seconds(30),
        shutdownGrace: Duration = .seconds(30),
        health: HostPort? = HostPort(host: "127.0.0.1", port: 8482)
    ) {
        self.slots = slots
        self.lease = lease
        self.shutdownGrace = shutdownGrace
        self.health = health
    }
}

extension WorkerSettings {
    private static let keys = Keys(["slots", "lease", "shutdown_grace", "health"])

    /// Reads the section `worker`, which may be absent.
    init(_ setting: Setting?) {
        self.init()
        guard let setting, let section = setting.section(Self.keys) else { return }
        if let value = section["slots"]?.wholeNumber(Limits.concurrency) { slots = value }
        if let value = section["lease"]?.duration(Limits.lease) { lease = value }
        if let value = section["shutdown_grace"]?.duration(Limits.shutdownGrace) {
            shutdownGrace = value
        }
        if let value = section["health"] { health = value.hostPortOrNone() }
    }
}
