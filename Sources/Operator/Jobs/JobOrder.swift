import Program
import QueueCore
import Settings

/// A wish about jobs, carried out: chosen, shown, asked about, done, and told.
struct JobOrder {
    let wish: JobWish
    let targets: JobTargets
    /// Whether all are meant: of the kind, or of those that fit a filter.
    var isAll = false
    /// For wishes that make work.
    var rate: RateOption?
    let output: JSONOption

    /// Does what the targets say.
    ///
    /// - Throws: `.notFound` when there is nothing to do it with.
    func run(in store: SQLiteStore, _ configuration: Configuration) async throws {
        let now = Clocks.system.now()
        let pace = rate?.pace(from: now) ?? Pace(start: now)
        if targets.jobs.isEmpty {
            let selections = targets.selections(wish, isAll: isAll, now: now)
            let jobs = try await Self.jobs(selections, store).sorted()
            let replaced = try await replaced(selections, besides: jobs.count, store)
            if let replaced { StandardError.note(replaced) }
            guard !jobs.isEmpty else { return try nothing() }
            if targets.caution.dryRun || jobs.count > 1, !isQuiet {
                try await show(jobs.count, selections, pace, store)
            }
            if targets.caution.dryRun { return }
            try targets.caution.consent(mayProceedUnasked: isEverything)
                .require(
                    count: jobs.count,
                    "\(wish.verb.capitalizedFirst) \(Quantity.count(jobs.count, "job"))?"
                )
            try await change(jobs, pace, store, configuration)
        } else {
            let named = try await targets.named(in: store)
            if targets.caution.dryRun { return try tryOut(named, pace) }
            try await change(named.map(\.job), pace, store, configuration)
        }
    }

    private static func jobs(
        _ selections: [Selection],
        _ store: SQLiteStore
    ) async throws -> [JobID] {
        var jobs: [JobID] = []
        for selection in selections { jobs += try await store.jobs(matching: selection) }
        return jobs
    }

    /// Names how many jobs fit and are left out, because a later one has replaced them.
    private func replaced(
        _ selections: [Selection],
        besides kept: Int,
        _ store: SQLiteStore
    ) async throws -> String? {
        guard selections.contains(where: \.onlyNewest) else { return nil }
        var all = selections
        for index in all.indices { all[index].onlyNewest = false }
        let others = try await Self.jobs(all, store).count - kept
        guard others > 0 else { return nil }
        let count = Quantity.count(others, "\(wish.kind) job")
        return "\(count) left out: a later job of the same route and delivery has replaced "
            + (others == 1 ? "it; --all takes it too" : "each; --all takes them too")
    }

    /// Whether all jobs of a kind are meant, without a filter.
    private var isEverything: Bool { isAll && targets.filter.isEmpty }

    /// Counts are not shown before a change that was agreed to.
    private var isQuiet: Bool {
        let consent = targets.caution.consent(mayProceedUnasked: isEverything)
        return !targets.caution.dryRun && consent.course(count: 2) == .proceed
    }

    private func nothing() throws {
        guard isEverything else {
            throw Failure(
                .notFound,
                "no \(wish.kind) job is like that; nothing was changed",
                hint: "`samovar jobs list` shows the newest jobs."
            )
        }
        if output.json { try StandardOutput.write(JSONOutput.list([])) }
        StandardError.note("no \(wish.kind) jobs")
    }

    private func change(
        _ jobs: [JobID],
        _ pace: Pace,
        _ store: SQLiteStore,
        _ configuration: Configuration
    ) async throws {
        let states = targets.states(wish)
        let changes = try await wish.apply(toAll: jobs, in: states, pace: pace, store)
        let isNothing = changes.changed.isEmpty && changes.stopping.isEmpty
        if !isNothing { configuration.ringDoorbell() }
        let answer = JobAnswer(wish: wish, changes: changes)
        if output.json {
            try StandardOutput.write(JSONOutput.list(answer.json))
        } else {
            let note = rate?.note(pace, count: changes.changed.count, time: .now)
            try StandardOutput.write(answer.text(paceNote: note))
        }
        for note in answer.notes(isFilter: targets.jobs.isEmpty) { StandardError.note(note) }
        if wish == .retryNow {
            let waiting = StillWaiting(configuration: configuration, now: Clocks.system.now())
            let notes = try await waiting.notes(of: changes.changed, in: store)
            notes.forEach(StandardError.note)
        }
        if isNothing {
            throw (changes.hasPruned ? ExitStatus.findings : .notFound).code
        }
    }

    // MARK: Looking first

    /// The kinds of jobs that fit, most first.
    private func show(
        _ count: Int,
        _ selections: [Selection],
        _ pace: Pace,
        _ store: SQLiteStore
    ) async throws {
        var counts: [Record] = []
        for selection in selections { counts += try await store.records(.jobCounts(selection)) }
        let report = DryRun(
            verb: wish.verb,
            noun: "job",
            count: count,
            counts: counts,
            columns: ["jobs", "route", "handler", "state", "reason"],
            paceNote: rate?.note(pace, count: count, time: .now)
        )
        try report.print(isDryRun: targets.caution.dryRun, output)
    }

    private func tryOut(_ named: [(job: JobID, record: Record)], _ pace: Pace) throws {
        let answers = named.map { (job: $0.job, change: wish.forecast($0.record)) }
        let changes = JobChanges(answers: answers)
        let report = DryRun(
            verb: wish.verb,
            noun: "job",
            count: changes.changed.count,
            counts: named.filter { changes.changed.contains($0.job) }.map(\.record),
            columns: ["id", "route", "handler", "state", "reason"],
            paceNote: rate?.note(pace, count: changes.changed.count, time: .now)
        )
        try report.print(isDryRun: true, output)
        for answer in answers {
            wish.refusal(answer.job, answer.change).map(StandardError.note)
        }
        if changes.changed.isEmpty { throw ExitStatus.notFound.code }
    }
}

extension LocalTime {
    /// As read now.
    static var now: LocalTime { LocalTime(now: Clocks.system.now()) }
}

extension String {
    /// With its first letter as sentences have it.
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
