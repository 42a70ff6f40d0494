import ArgumentParser
import Foundation
import Program
import QueueCore
import Settings

/// `samovar status`: how the queue stands.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how the queue stands: jobs by state, pauses, deaths, workers, disk.",
        discussion: """
            With mistakes in the configuration file, it shows what the store knows, then the \
            mistakes, with exit code 78: the services go on with what they read before.

            Examples:
              samovar status
              samovar status --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    func run() async throws {
        try await reporting {
            let (configuration, mistakes) = try configurationOption.readForQueue()
            try await configuration.withStore { store in
                let status = try await QueueStatus(store, configuration)
                if output.json {
                    try StandardOutput.write(JSONOutput.object(status.json))
                } else {
                    let time = LocalTime(now: status.now)
                    try StandardOutput.write(status.text(time: time, on: .standardOutput()))
                }
            }
            // The services go on with what they read before; the queue stands as it does.
            if let mistakes {
                throw Failure(
                    .configuration,
                    mistakes.description,
                    hint: "Correct this in the configuration; what runs goes on with the old one."
                )
            }
        }
    }
}

extension QueueStatus {
    /// Looks.
    init(_ store: SQLiteStore, _ configuration: Configuration) async throws {
        let now = Clocks.system.now()
        let records = try await store.records(.workers)
        let alive = configuration.alive(records.map { WorkerID(rawValue: $0.text("id")) })
        let incidents = try await store.records(.incidents(limit: Self.incidentsMax))
        let status = try await store.status()
        self.init(
            path: configuration.store,
            store: status,
            oldest: try await OldestJob(
                status.oldestWaitingJob,
                in: store,
                configuration,
                now: now
            ),
            disk: DiskUse(store: configuration.store),
            spool: SpoolFacts(configuration),
            ingress: try await IngressFacts(asking: configuration, about: status.uuid),
            isIngressUnread: configuration.unread.contains(.ingress),
            workers: records.map { record in
                let id = WorkerID(rawValue: record.text("id"))
                return Worker(record: record, isAlive: alive.contains(id))
            },
            stranded: configuration.unread.contains(.handlers)
                ? []
                : Self.stranded(try await store.readyJobs(), configuration.handlers.map(\.name)),
            pauses: try await store.pauses(),
            replays: try await store.records(.replayBatches(limit: Self.batchesMax))
                .filter { ($0.integer("waiting") ?? 0) > 0 },
            dead: try await store.records(.jobCounts(Selection(state: .dead))),
            lastDeath: try await store.records(.deadLetters(limit: 1)).first?.time("finished_at"),
            incidents: incidents.filter { incident in
                incident.time("last_at").map { now - $0 < .seconds(86_400) } ?? false
            },
            now: now
        )
    }

    /// More than anybody reads.
    private static let incidentsMax = 100

    /// Older batches than these have been routed, or wait for weeks yet.
    private static let batchesMax = 1000
}
