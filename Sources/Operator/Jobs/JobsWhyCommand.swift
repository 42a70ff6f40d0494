import ArgumentParser
import Program
import QueueCore
import Settings

/// `samovar jobs why`.
struct JobsWhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say in one answer why a job waits, runs, or has ended.",
        discussion: """
            A job waits when it is paused, its handler is not configured, no worker is alive, its \
            lane is held, it is not due, its handler's breaker is open, its handler is at its \
            limit, it has to run alone because a worker died while it ran, or all slots are \
            busy. The most decisive reason is the answer; the others \
            follow.

            Examples:
              samovar jobs why 5
              samovar jobs why 5 --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(help: "The job's id.")
    var job: JobArgument

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, configuration in
                let why = try await look(store, configuration)
                try StandardOutput.write(
                    output.json
                        ? JSONOutput.object(why.json) : why.text(on: .standardOutput())
                )
            }
        }
    }

    private func look(_ store: SQLiteStore, _ configuration: Configuration) async throws -> JobWhy {
        let record = try await job.record(in: store)
        guard let situation = try await store.situation(of: job.id) else {
            throw Failure(.notFound, "job \(job.id) was removed just now")
        }
        let attempts = try await store.records(.attempts(job.id))
        let delivery = DeliverySeq(rawValue: record.integer("delivery") ?? 0)
        let body = try await store.records(.delivery(delivery)).first?["body_pruned_at"]
        let now = Clocks.system.now()
        return JobWhy(
            situation: situation,
            record: record,
            started: attempts.last?.time("started_at"),
            hasBody: body == .null,
            handler: configuration.handler(named: situation.handler.rawValue),
            concurrency: configuration.concurrency(of: situation.handler),
            slots: configuration.knownSlots,
            alive: configuration.alive(situation.workers.map(\.id)),
            now: now,
            time: LocalTime(now: now)
        )
    }
}

extension Configuration {
    /// Those of the workers that hold their locks.
    func alive(_ workers: [WorkerID]) -> Set<WorkerID> {
        Set(workers.filter { WorkerLock.isHeld(stateFolder: stateFolder, worker: $0) })
    }
}
