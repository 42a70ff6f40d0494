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
            let mistakes: ConfigurationError?
            let configuration: Configuration
            do {
                configuration = try configurationOption.load(secrets: .skip)
                mistakes = nil
            } catch let error as ConfigurationError {
                guard let salvaged = try salvage() else { throw error }
                configuration = salvaged
                mistakes = error
            }
            try await configuration.withStore { store in
                var status = try await QueueStatus(store, configuration)
                // Which handlers there are is not known, nor where the ingress is.
                if mistakes != nil { (status.stranded, status.ingress) = ([], nil) }
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

    private func salvage() throws -> Configuration? {
        Configuration.salvage(
            file: try configurationOption.locate(),
            environment: ProcessInfo.processInfo.environment
        )
    }
}

extension QueueStatus {
    /// Looks.
    init(_ store: SQLiteStore, _ configuration: Configuration) async throws {
        let now = Clocks.system.now()
        let records = try await store.records(.workers)
        let alive = configuration.alive(records.map { WorkerID(rawValue: $0.text("id")) })
        let incidents = try await store.records(.incidents(limit: Self.incidentsMax))
        self.init(
            path: configuration.store,
            store: try await store.status(),
            disk: DiskUse(store: configuration.store),
            spool: SpoolFacts(configuration),
            ingress: try await IngressFacts(asking: configuration.ingress),
            workers: records.map { record in
                let id = WorkerID(rawValue: record.text("id"))
                return Worker(record: record, isAlive: alive.contains(id))
            },
            stranded: Self.stranded(
                try await store.readyJobs(),
                configuration.handlers.map(\.name)
            ),
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
