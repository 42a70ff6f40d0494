/// What the facts mean: pure, so that a table can test it.
extension WorkFacts {
    package func diagnoses(at moment: MachineFacts) -> [Diagnosis] {
        [
            workers(moment), workerConfiguration(moment), leases(moment), routing(moment),
            dueJobs(moment), gitea(moment), deadLetters(moment),
            newDeaths, paused(moment), incidentCounts, pruning, clockSteps(moment),
        ]
    }

    private func workers(_ moment: MachineFacts) -> Diagnosis {
        let alive = workers.count { moment.alive.contains($0) }
        let gone = workers.filter { !moment.alive.contains($0) }
        guard gone.isEmpty else {
            return Diagnosis(
                .work,
                "workers",
                .warning,
                "\(alive) alive; died without a word: \(Self.list(gone.map(\.rawValue)))",
                hint: alive > 0
                    ? "A worker that lives clears this within a second: look at its log."
                    : "Start samovar-worker: it gives back what they held."
            )
        }
        guard alive > 0 else {
            return Diagnosis(
                .work,
                "workers",
                .note,
                "none is running",
                hint: "Start samovar-worker, or `samovar up`."
            )
        }
        return Diagnosis(.work, "workers", .ok, "\(alive) alive")
    }

    /// Each mistake once, though every worker has it.
    private func workerConfiguration(_ moment: MachineFacts) -> Diagnosis {
        var mistakes: [String] = []
        for worker in workers where moment.alive.contains(worker) {
            for line in configurationErrors[worker]?.split(separator: "\n") ?? []
            where !mistakes.contains(String(line)) {
                mistakes.append(String(line))
            }
        }
        guard let first = mistakes.first else {
            return Diagnosis(
                .work,
                "worker_configuration",
                .ok,
                "no worker has refused a changed file"
            )
        }
        let others = mistakes.count > 1 ? ", and \(mistakes.count - 1) more" : ""
        return Diagnosis(
            .work,
            "worker_configuration",
            .warning,
            "changed, but not taken over, the old one goes on: \(first)\(others)",
            hint: "Mend the file: workers take it over by themselves. `samovar check` names all."
        )
    }

    private func leases(_ moment: MachineFacts) -> Diagnosis {
        let orphaned = leases.filter { !moment.alive.contains($0.worker) }
        guard orphaned.isEmpty else {
            return Diagnosis(
                .work,
                "leases",
                .warning,
                "held by dead workers: \(Self.list(orphaned.map { "job \($0.token.job)" }))",
                hint: "A worker that lives gives them back within a second: start samovar-worker."
            )
        }
        // The clock of another boot (a container may have a boot id of its own) cannot be read here.
        let expired = leases.filter { $0.boot == moment.bootID && $0.until < moment.monotonic }
        guard expired.isEmpty else {
            return Diagnosis(
                .work,
                "leases",
                .warning,
                "expired, and their workers still live: "
                    + Self.list(expired.map { "job \($0.token.job) of \($0.worker)" }),
                hint: "These workers are stopped or starved: look at their logs and the machine."
            )
        }
        guard let oldest = leases.compactMap(\.startedAt).min() else {
            return Diagnosis(.work, "leases", .ok, "no job runs")
        }
        return Diagnosis(
            .work,
            "leases",
            .ok,
            "\(Self.count(leases.count, "job")) running, the oldest attempt for "
                + moment.age(oldest).inWords
        )
    }

    private func routing(_ moment: MachineFacts) -> Diagnosis {
        guard let oldestWaiting else {
            return Diagnosis(.work, "to_be_routed", .ok, "no delivery waits")
        }
        let age = moment.age(oldestWaiting)
        let text =
            "\(Self.count(waiting, "delivery", "deliveries")) waiting, the oldest for "
            + age.inWords
        guard !moment.alive.isEmpty else {
            return Diagnosis(
                .work,
                "to_be_routed",
                .warning,
                "\(text), and no worker is alive",
                hint: "Start samovar-worker."
            )
        }
        guard age > Self.routingPatience else {
            return Diagnosis(.work, "to_be_routed", .ok, text)
        }
        return Diagnosis(
            .work,
            "to_be_routed",
            .warning,
            text,
            hint: "Workers route at once: look at their logs for trouble with the store."
        )
    }

    private func dueJobs(_ moment: MachineFacts) -> Diagnosis {
        guard let oldestDueJob else {
            return Diagnosis(.work, "due_jobs", .ok, "no job waits for a slot")
        }
        let age = moment.age(oldestDueJob)
        let text = "\(Self.count(dueJobs, "job")) due, the oldest for \(age.inWords)"
        guard !moment.alive.isEmpty else {
            return Diagnosis(
                .work,
                "due_jobs",
                .warning,
                "\(text), and no worker is alive",
                hint: "Start samovar-worker."
            )
        }
        guard age > Self.slotPatience else { return Diagnosis(.work, "due_jobs", .ok, text) }
        return Diagnosis(
            .work,
            "due_jobs",
            .note,
            text,
            hint: "`samovar jobs why JOB` says what a job waits for."
        )
    }

    private func gitea(_ moment: MachineFacts) -> Diagnosis {
        guard let giteaTrouble else {
            return Diagnosis(.work, "gitea", .ok, "no job waits for an answer of Gitea's")
        }
        return Diagnosis(
            .work,
            "gitea",
            .warning,
            "asked in vain for \(moment.age(giteaTrouble.since).inWords), by "
                + "\(Self.count(giteaTrouble.jobs, "job")): \(giteaTrouble.lastError)",
            hint: "They hold their lanes, and die after 7 days of it. Once Gitea answers, `samovar "
                + "jobs retry-now` asks it at once."
        )
    }

    private func deadLetters(_ moment: MachineFacts) -> Diagnosis {
        guard let oldestDead else { return Diagnosis(.work, "dead_letters", .ok, "none") }
        return Diagnosis(
            .work,
            "dead_letters",
            .note,
            "\(Self.count(dead, "dead job")), the oldest for \(moment.age(oldestDead).inWords)",
            hint: "`samovar dead list` shows them, `samovar dead requeue` runs them again, "
                + "`samovar dead discard` takes them off the list."
        )
    }

    /// Work that takes workers down is worse than work that fails.
    private var newDeaths: Diagnosis {
        guard newlyQuarantined + newlyPoisoned > 0 else {
            return Diagnosis(.work, "took_workers_down", .ok, "nothing in the last day")
        }
        let parts = [
            newlyQuarantined > 0 ? Self.count(newlyQuarantined, "job") + " quarantined" : nil,
            newlyPoisoned > 0
                ? Self.count(newlyPoisoned, "delivery", "deliveries") + " poisoned" : nil,
        ]
        return Diagnosis(
            .work,
            "took_workers_down",
            .warning,
            parts.compactMap(\.self).joined(separator: ", ") + " in the last day",
            hint: "See `samovar dead list` and `samovar deliveries list --verdict dead`."
        )
    }

    private func paused(_ moment: MachineFacts) -> Diagnosis {
        guard !pauses.isEmpty else { return Diagnosis(.work, "pauses", .ok, "nothing is paused") }
        let listed = pauses.map { pause in
            let name = pause.target.name.isEmpty ? "" : " \(pause.target.name)"
            let reason = pause.reason.map { " (\($0))" } ?? ""
            return "\(pause.target.kind)\(name) for \(moment.age(pause.since).inWords)\(reason)"
        }
        return Diagnosis(
            .work,
            "pauses",
            .warning,
            "paused: \(listed.joined(separator: "; "))",
            hint: "`samovar resume` ends a pause."
        )
    }

    private var incidentCounts: Diagnosis {
        guard !incidents.isEmpty else {
            return Diagnosis(.work, "incidents", .ok, "none in the last day")
        }
        let listed = incidents.map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
        // What anybody who reaches the port can cause is no alarm.
        let isOfStrangers = incidents.allSatisfy {
            Incident.Kind(rawValue: $0.kind)?.isOfStrangers ?? false
        }
        return Diagnosis(
            .work,
            "incidents",
            isOfStrangers ? .note : .warning,
            "in the last day: \(listed)",
            hint: "`samovar status` shows them."
        )
    }

    private var pruning: Diagnosis {
        guard !overdue.isEmpty else {
            return Diagnosis(.work, "pruning", .ok, "nothing is kept longer than retention says")
        }
        return Diagnosis(
            .work,
            "pruning",
            .warning,
            "behind by more than an hour: \(overdue.joined(separator: ", "))",
            hint: "Workers prune while they run; `samovar prune` does it now."
        )
    }

    /// A clock that was set is looked at; of a machine that was off for long somebody knows.
    private func clockSteps(_ moment: MachineFacts) -> Diagnosis {
        guard let last = clockSteps.last else {
            return Diagnosis(.work, "clock_steps", .ok, "the wall clock went as time did")
        }
        let ahead = clockSteps.reduce(Duration.zero) { $0 + $1.ahead }
        let isFresh = clockSteps.contains { step in
            step.kind == .set && moment.age(step.at) < Self.stepPatience
        }
        let cause = last.kind == .set ? "it was set" : "the machine or its workers were away"
        return Diagnosis(
            .work,
            "clock_steps",
            isFresh ? .warning : .note,
            "the wall clock went ahead by \(ahead.inWords), last "
                + "\(moment.age(last.at).inWords) ago (\(cause))",
            hint: "Pruning, repeats and the 7 days of a snooze go by the time that passed. Check "
                + "the clock and its time service; where it is right, nothing is to be done."
        )
    }

    /// A worker routes within milliseconds.
    private static let routingPatience = Duration.seconds(60)

    /// Work that waits this long for a slot may be meant so, and is worth a word.
    private static let slotPatience = Duration.seconds(3600)

    /// Whoever did not look at the clock in a week knows of it.
    private static let stepPatience = Duration.seconds(7 * 86_400)

    private static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// The first few, and how many more.
    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(5).joined(separator: ", ")
        return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
    }
}

extension Duration {
    /// Whole units, the two largest: `3 min 5 s`, `2 d 4 h`.
    var inWords: String {
        let seconds = components.seconds
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3600: return Self.pair(seconds, 60, "min", 1, "s")
        case ..<86_400: return Self.pair(seconds, 3600, "h", 60, "min")
        default: return Self.pair(seconds, 86_400, "d", 3600, "h")
        }
    }

    private static func pair(
        _ seconds: Int64,
        _ large: Int64,
        _ unit: String,
        _ small: Int64,
        _ rest: String
    ) -> String {
        let remainder = seconds % large / small
        return "\(seconds / large) \(unit)" + (remainder == 0 ? "" : " \(remainder) \(rest)")
    }
}
