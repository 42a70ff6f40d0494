import QueueCore

/// Keeps a worker from running job after job against a service that cannot be reached.
///
/// A state machine without clock or I/O. It looks at connections only: any response, whatever its
/// status, proves that somebody is there.
struct Breaker: Equatable, Sendable {
    enum State: Equatable, Sendable {
        /// All is well, or not bad enough.
        case closed
        /// No job is started until then.
        case open(until: MonotonicTime)
        /// One job was started to find out.
        case probing
    }

    /// How many jobs may be started now.
    enum Admission: Equatable, Sendable {
        case all
        case one
        case none
    }

    private(set) var state = State.closed
    /// Without a response in between.
    private(set) var failures = 0
    /// Of the latest failure, for people.
    private(set) var error = ""
    /// How long it stays open the next time.
    private var pause = Self.pauseShortest

    /// Failures that may be a restart of the service, or one bad minute.
    static let failuresMost = 5

    /// A service that is being restarted is back after seconds.
    static let pauseShortest = Duration.seconds(5)

    /// One job every two minutes costs nobody anything, and two minutes are soon enough for
    /// a service that was away longer.
    static let pauseLongest = Duration.seconds(120)

    func admission(at now: MonotonicTime) -> Admission {
        switch state {
        case .closed: .all
        case .open(let until): now >= until ? .one : .none
        case .probing: .none
        }
    }

    /// A job starts.
    ///
    /// - Returns: whether it is the one that finds out.
    mutating func start(at now: MonotonicTime) -> Bool {
        guard case .open(let until) = state, now >= until else { return false }
        state = .probing
        return true
    }

    /// A response came.
    ///
    /// - Returns: whether that closes it.
    mutating func answered() -> Bool {
        let isClosing = state != .closed
        self = Breaker()
        return isClosing
    }

    /// No response came.
    ///
    /// Jobs that had been started before it opened change nothing.
    ///
    /// - Returns: whether it opens, and was closed before.
    mutating func failed(_ error: String, isProbe: Bool, at now: MonotonicTime) -> Bool {
        failures += 1
        self.error = error
        switch state {
        case .closed:
            guard failures >= Self.failuresMost else { return false }
            open(at: now)
            return true
        case .open: break
        case .probing: if isProbe { open(at: now) }
        }
        return false
    }

    /// The job was stopped before anything could be told; another one may find out.
    mutating func gaveUp(isProbe: Bool, at now: MonotonicTime) {
        if isProbe, state == .probing { state = .open(until: now) }
    }

    /// An operator says that the service is back: the next job finds out at once, and the pauses
    /// begin with the shortest again.
    mutating func close(at now: MonotonicTime) {
        pause = Self.pauseShortest
        if case .open = state { state = .open(until: now) }
    }

    private mutating func open(at now: MonotonicTime) {
        state = .open(until: now + pause)
        pause = min(pause * 2, Self.pauseLongest)
    }
}
