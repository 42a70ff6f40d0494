/// Both clocks, read at once.
struct ClockReading: Equatable, Sendable {
    var now: Timestamp
    var sinceBoot: MonotonicTime
    var boot: String

    /// By how much the wall clock is ahead of the time since the machine was started: it changes
    /// only when somebody sets the wall clock.
    var lead: Int64 { now.rawValue - sinceBoot.rawValue }
}

extension Clocks {
    var reading: ClockReading {
        ClockReading(now: now(), sinceBoot: sinceBoot(), boot: bootID)
    }
}

/// The wall clock as a store has seen it, and where it went ahead of the time that passed.
///
/// Ages are counted with it: a row whose stamp is 40 days old is not 40 days old when the clock
/// went 39 days ahead an hour ago. So a wrong clock makes nothing old, and neither does one that was
/// mended; what was stamped before counts by the time that the store saw pass.
package struct WallClock: Equatable, Sendable {
    /// One place where the wall clock went ahead.
    package struct Step: Equatable, Sendable {
        package enum Kind: String, Sendable {
            /// It was set while the machine ran.
            case set
            /// The machine was started again, and nobody knows whether so much time passed.
            case away
        }

        /// What the clock said right after it.
        package var at: Timestamp
        package var ahead: Duration
        package var kind: Kind

        package init(at: Timestamp, ahead: Duration, kind: Kind) {
            self.at = at
            self.ahead = ahead
            self.kind = kind
        }

        /// What the clock would have said without it.
        fileprivate var before: Timestamp { at + (.zero - ahead) }
    }

    /// What a look at the clocks found.
    enum Change: Equatable {
        /// Nothing to be noted.
        case none
        /// Nothing but when it was looked at.
        case seen
        case back(Duration)
        case ahead(Duration)
    }

    /// In which boot it was seen last, with which lead, and what it said.
    var boot: String?
    var lead: Int64?
    var seenAt: Timestamp?
    /// The oldest first.
    package var steps: [Step] = []

    package init() {}
}

// MARK: - Looking

extension WallClock {
    /// Compares the wall clock with the time that passed since it was seen last.
    ///
    /// - Returns: what is to be written down; this value has it already.
    mutating func look(at reading: ClockReading) -> Change {
        let found = change(at: reading)
        switch found {
        case .none: return .none
        case .seen: break
        case .back(let duration): takeBack(duration, at: reading.now)
        case .ahead(let duration):
            let kind: Step.Kind = boot == reading.boot ? .set : .away
            add(Step(at: reading.now, ahead: duration, kind: kind))
        }
        boot = reading.boot
        lead = reading.lead
        seenAt = reading.now
        return found
    }

    private func change(at reading: ClockReading) -> Change {
        let sinceSeen = seenAt.map { reading.now - $0 }
        guard boot == reading.boot, let lead else {
            guard let sinceSeen, sinceSeen > Self.longestAway else { return .seen }
            return .ahead(sinceSeen)
        }
        let step = Duration.microseconds(reading.lead - lead)
        if step <= .zero - Self.smallestStep { return .back(.zero - step) }
        if step >= Self.smallestStep { return .ahead(step) }
        guard let sinceSeen, sinceSeen < Self.lookInterval else { return .seen }
        return .none
    }

    /// Steps within an hour count as one: a clock that goes too fast makes no list without end.
    private mutating func add(_ step: Step) {
        if let last = steps.last, last.kind == step.kind,
            (Duration.zero..<Self.lookInterval).contains(step.before - last.at)
        {
            steps[steps.count - 1].at = step.at
            steps[steps.count - 1].ahead += step.ahead
        } else {
            steps.append(step)
        }
        if steps.count > Self.stepsMost { steps.removeFirst(steps.count - Self.stepsMost) }
    }

    /// What it is behind again did not happen; of a step that was taken back in part the rest did.
    private mutating func takeBack(_ duration: Duration, at now: Timestamp) {
        let undone = steps.filter { $0.at > now }
        steps.removeAll { $0.at > now }
        let rest = undone.reduce(Duration.zero) { $0 + $1.ahead } - duration
        guard let last = undone.last, rest >= Self.smallestStep else { return }
        steps.append(Step(at: now, ahead: rest, kind: last.kind))
    }

    /// Less is drift that NTP works off, or the time between two readings.
    private static let smallestStep = Duration.seconds(1)

    /// So often it is written down that the clock was seen.
    private static let lookInterval = Duration.seconds(3600)

    /// A machine is off, or its workers are away, for so long without being asked about it: within
    /// all retentions a day more or less does not matter.
    private static let longestAway = Duration.seconds(86_400)

    /// With one step each week five years.
    private static let stepsMost = 256
}

// MARK: - Ages

extension WallClock {
    /// The stamp that what was written so long before a time has.
    ///
    /// Where the clock was also set back, stamps are not in order: then the earlier one.
    package func time(_ age: Duration, before time: Timestamp) -> Timestamp {
        var (left, end) = (age, time)
        for step in steps.reversed() where step.at <= time {
            let passed = max(end - step.at, .zero)
            if passed > left { break }
            left -= passed
            end = min(end, step.before)
        }
        return end + (.zero - left)
    }

    /// How much time passed between a stamp and a time.
    package func passed(from stamp: Timestamp, to time: Timestamp) -> Duration {
        steps.reduce(time - stamp) { passed, step in
            guard step.at > stamp, step.at <= time else { return passed }
            return passed - min(step.ahead, step.at - stamp)
        }
    }
}
