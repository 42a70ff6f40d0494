import ArgumentParser
import Program
import QueueCore
import Routing
import Settings

/// `samovar restore FILE`: puts a verified backup in the place of a store that is gone.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup in the store's place, held until you resume everything.",
        discussion: """
            There must be no store at `store:`, and no service running: a store that is \
            there is never replaced. The backup is verified first and stays as it is. What \
            is restored is held: deliveries are taken in and routed, and no job runs until \
            `samovar resume --everything`.

            Examples:
              samovar restore /var/backups/samovar-monday.db
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(help: "A file made by `samovar backup`.", completion: .file())
    var file: String

    func run() async throws {
        try await reporting {
            let configuration = try configurationOption.load(secrets: .skip)
            let result = try await onStoreThread {
                try await Restore(
                    file: file.absolutePath,
                    store: configuration.store,
                    digest: Router.payloadDigest
                ).run()
            }
            if output.json {
                try StandardOutput.write(
                    JSONOutput.object(Self.json(result, store: configuration.store))
                )
            } else {
                let time = LocalTime(now: Clocks.system.now())
                try StandardOutput.write(
                    Self.text(result, store: configuration.store, time: time)
                )
            }
        }
    }

    static func text(_ result: Restore.Result, store: String, time: LocalTime) -> String {
        let backup = result.backup
        let deliveries = Quantity.count(
            Int(backup.deliveries),
            "delivery",
            plural: "deliveries"
        )
        let since =
            result.newestReceived.map { "The last delivery in it came at \(time.full($0))." }
            ?? "There is no delivery in it."
        return """
            restored \(store) from \(backup.file): \(deliveries), \
            \(Quantity.count(Int(backup.jobs), "job")), verified\(BackupCommand.limits(backup))
            \(Quantity.count(result.liveJobs, "job")) to be run, of which \(result.wereRunning) \
            ran when the backup was made.
            \(since)

            Everything is held: no job runs until step 4.
              1. start samovar-ingress and samovar-worker
              2. look: samovar status; samovar doctor; samovar jobs list --state ready
                 and cancel what was done meanwhile: samovar jobs cancel JOB
              3. have Gitea send again what came later: "Redeliver" on the webhook's page
              4. samovar resume --everything

            """
    }

    static func json(_ result: Restore.Result, store: String) -> JSONValue {
        .object([
            ("store", .string(store)),
            ("file", .string(result.backup.file)),
            ("bytes", .integer(result.backup.bytes)),
            ("deliveries", .integer(result.backup.deliveries)),
            ("jobs", .integer(result.backup.jobs)),
            ("live_jobs", .integer(Int64(result.liveJobs))),
            ("were_running", .integer(Int64(result.wereRunning))),
            ("newest_received_at", .time(result.newestReceived)),
            ("skipped_numbers", .integer(result.skippedNumbers)),
            ("bodies_without_digest", .integer(Int64(result.backup.bodiesWithoutDigest))),
            ("held", .boolean(true)),
        ])
    }
}
