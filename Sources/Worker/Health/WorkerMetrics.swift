import QueueCore
import Synchronization
import Telemetry

/// What a worker counts.
final class WorkerMetrics: Sendable {
    /// How an attempt ended, as a label.
    enum End: String, CaseIterable, MetricLabel {
        static let labelName = "outcome"

        case done
        case retry
        case snooze
        case dead
        case released
        case cancelled

        init(_ outcome: Outcome) {
            self =
                switch outcome {
                case .done: .done
                case .retry: .retry
                case .snooze: .snooze
                case .dead: .dead
                case .released: .released
                case .cancelled: .cancelled
                }
        }
    }

    /// What made the loop look.
    enum WakeUp: String, CaseIterable, MetricLabel {
        static let labelName = "by"

        case doorbell
        case poll
    }

    let verdicts = Counters(
        "samovar_verdicts_total",
        "Deliveries that this worker decided, replays included, by verdict.",
        LabelSet<Verdict>.all
    )
    let claims: Counters<HandlerName>
    let attempts: Counters<LabelPair<HandlerName, End>>
    let attemptSeconds: Histogram<HandlerName>
    let leasesLost = Counter(
        "samovar_leases_lost_total",
        "Attempts of this worker whose lease another one had taken: stopped, or their end refused."
    )
    let attemptsLost = Counter(
        "samovar_attempts_lost_total",
        "Attempts that this worker gave back for another one that had died or was stuck."
    )
    let wakeUps = Counters(
        "samovar_wakeups_total",
        "Why the work loop looked.",
        LabelSet<WakeUp>.all
    )
    let giteaQuestions = Counters(
        "samovar_gitea_questions_total",
        "Questions to Gitea about a sender's permission, by what became of them.",
        LabelSet<GiteaAnswer>.all
    )
    let slotsUsed = Gauge("samovar_slots_used", "Jobs that run in this worker now.")
    private let slots: Gauge
    /// Those of the configuration that counts.
    private let handlers: Mutex<LabelSet<HandlerName>>

    /// Metrics of a worker with these handlers, by which it counts until it goes by others.
    init(handlers names: [HandlerName], slots count: Int) {
        let handlers = LabelSet(names)
        self.handlers = Mutex(handlers)
        claims = Counters("samovar_claims_total", "Jobs claimed, by handler.", handlers)
        attempts = Counters(
            "samovar_attempts_total",
            "Attempts that ended and whose end was written, by handler and outcome.",
            handlers.times(.all)
        )
        attemptSeconds = Histogram(
            "samovar_attempt_seconds",
            "How long attempts ran, by handler.",
            .attempts,
            handlers
        )
        slots = Gauge("samovar_slots", "Jobs that may run in this worker at once.")
        slots.set(count)
    }

    /// Counts by these handlers, too, from now on: a changed configuration has them.
    func follow(handlers names: [HandlerName]) {
        let handlers = LabelSet(names)
        claims.grow(by: handlers)
        attempts.grow(by: handlers.times(.all))
        attemptSeconds.grow(by: handlers)
        self.handlers.withLock { $0 = handlers }
    }

    /// All families.
    ///
    /// `openBreakers` says which http handlers there are, and whether the breaker of each is open.
    func all(openBreakers: @escaping @Sendable () -> [HandlerName: Bool]) -> [any Metric] {
        [
            verdicts, claims, attempts, attemptSeconds, leasesLost, attemptsLost, wakeUps,
            giteaQuestions, slots, slotsUsed,
            Readings(
                "samovar_breaker_open",
                "1 while this worker holds back the jobs of an http handler it cannot reach.",
                { [self] in handlers.withLock(\.self) }
            ) { openBreakers().mapValues { $0 ? 1 : 0 } },
        ]
    }
}

extension HandlerName: MetricLabel {
    package static let labelName = "handler"

    package var labelValue: String { rawValue }
}

extension Verdict: MetricLabel {
    package static let labelName = "verdict"
}
