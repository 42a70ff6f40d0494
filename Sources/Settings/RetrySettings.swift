/// How often and when a job that failed runs again.
package struct RetrySettings: Sendable, Equatable {
    /// Failures until the job is dead, at least 1.
    package var attempts: Int

    /// The delay after the first failure; it doubles with each further one.
    package var base: Duration

    /// The longest delay, at least `base`.
    package var cap: Duration

    /// Settings with the defaults for what is left out.
    package init(
        attempts: Int = 8,
        base: Duration = .seconds(10),
        cap: Duration = .seconds(3_600)
    ) {
        self.attempts = attempts
        self.base = base
        self.cap = cap
    }
}

extension RetrySettings {
    private static let keys = Keys(["attempts", "base", "cap"])

    /// Reads a handler's section `retry`.
    init(_ setting: Setting) {
        self.init()
        guard let section = setting.section(Self.keys) else { return }
        if let value = section["attempts"]?.wholeNumber(Limits.attempts) { attempts = value }
        if let value = section["base"]?.duration(Limits.retryDelay) { base = value }
        if let value = section["cap"]?.duration(Limits.retryDelay) { cap = value }
        if cap < base {
            (section["cap"] ?? section["base"] ?? setting).fail(
                "\(setting.path).cap (\(DurationText.text(of: cap))) must not be less than "
                    + "\(setting.path).base (\(DurationText.text(of: base)))"
            )
        }
    }
}
