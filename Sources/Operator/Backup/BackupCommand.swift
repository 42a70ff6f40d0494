import ArgumentParser
import Foundation
import Program
import QueueCore
import Routing
import Settings

/// `samovar backup FILE`: a verified copy of the store, made while everything goes on.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the store into one file, and verify the copy.",
        discussion: """
            Services go on meanwhile. The file appears under its name only when it was read \
            whole and found sound, and its bodies are those that were decided; only its owner \
            may read it. Copying queue.db with cp \
            instead misses what is still in its log.

            Examples:
              samovar backup /var/backups/samovar-monday.db
              samovar backup --force /var/backups/samovar.db
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Flag(help: "Replace the file if it exists.")
    var force = false

    @Argument(help: "The file to be made.", completion: .file())
    var file: String

    func run() async throws {
        try await reporting {
            let configuration = try configurationOption.loadForQueue()
            let start = ContinuousClock.now
            let backup = try await onStoreThread {
                let examination = try Examination(path: configuration.store)
                // It was only read; the first error is the one to tell.
                defer { try? examination.close() }
                return try examination.backUp(
                    to: file.absolutePath,
                    replacing: force,
                    digest: Router.payloadDigest
                )
            }
            let duration = ContinuousClock.now - start
            if output.json {
                try StandardOutput.write(JSONOutput.object(Self.json(backup, duration)))
            } else {
                try StandardOutput.write(Self.text(backup, duration))
            }
        }
    }

    static func text(_ backup: Backup, _ duration: Duration) -> String {
        let parts = [
            Quantity.text(bytes: backup.bytes),
            Quantity.count(Int(backup.deliveries), "delivery", plural: "deliveries"),
            Quantity.count(Int(backup.jobs), "job"),
            "in \(Quantity.text(duration))",
            "verified",
        ]
        return "\(backup.file): \(parts.joined(separator: ", "))\(limits(backup))\n"
    }

    /// What was not verified.
    static func limits(_ backup: Backup) -> String {
        let count = backup.bodiesWithoutDigest
        guard count > 0 else { return "" }
        let bodies = Quantity.count(count, "body", plural: "bodies")
        return " but for \(bodies) not decided, or not readable, of which there is no digest"
    }

    static func json(_ backup: Backup, _ duration: Duration) -> JSONValue {
        .object([
            ("file", .string(backup.file)),
            ("bytes", .integer(backup.bytes)),
            ("schema", .integer(Int64(backup.schema))),
            ("deliveries", .integer(backup.deliveries)),
            ("jobs", .integer(backup.jobs)),
            ("duration_seconds", .real(duration.seconds)),
            ("bodies_without_digest", .integer(Int64(backup.bodiesWithoutDigest))),
            ("verified", .boolean(true)),
        ])
    }
}

extension AsyncParsableCommand {
    /// Runs what blocks on a disk on a thread of its own, and turns refusals into messages.
    func onStoreThread<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await withTaskExecutorPreference(StoreExecutor()) { try await body() }
        } catch let error as BackupError {
            throw Failure(
                error.isRefusal ? .findings : .unavailable,
                error.description,
                hint: error.operatorHint
            )
        }
    }
}

extension String {
    /// A path on the command line starts at the working folder.
    var absolutePath: String {
        hasPrefix("/") ? self : FileManager.default.currentDirectoryPath + "/" + self
    }
}
