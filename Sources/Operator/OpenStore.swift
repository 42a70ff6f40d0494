import Doorbell
import Foundation
import Logging
import Program
import QueueCore
import Settings

extension ConfigurationOption {
    /// Opens the store that is configured, without making one, and closes it afterwards; for
    /// commands that need the rest of the configuration as well.
    ///
    /// The webhook's secrets stay closed: whoever may read the queue need not be able to sign.
    func withStore<Value>(
        _ body: (SQLiteStore, Configuration) async throws -> Value
    ) async throws -> Value {
        let configuration = try load(secrets: .skip)
        return try await configuration.withStore { try await body($0, configuration) }
    }

    /// Opens the store as ``withStore(_:)`` does; for commands that need little but the store, and
    /// do their work whatever is wrong in the file: the services go on with the old one.
    ///
    /// `body` is handed what could be read of the configuration. Mistakes are told unless `warns` is
    /// false, where silence is promised.
    func withQueue<Value>(
        warns: Bool = true,
        _ body: (SQLiteStore, Configuration) async throws -> Value
    ) async throws -> Value {
        let configuration = try loadForQueue(warns: warns)
        return try await configuration.withStore { try await body($0, configuration) }
    }

    /// What can be read of the configuration; of its mistakes, the first is told on standard error.
    func loadForQueue(warns: Bool = true) throws -> Configuration {
        let (configuration, mistakes) = try readForQueue()
        if warns, let mistakes { StandardError.note(Self.warning(mistakes, configuration)) }
        return configuration
    }

    /// What can be read of the configuration, and what is wrong with it.
    ///
    /// - Throws: the mistakes, when they hide where the store is.
    func readForQueue() throws -> (configuration: Configuration, mistakes: ConfigurationError?) {
        do {
            return (try load(secrets: .skip), nil)
        } catch let error as ConfigurationError {
            let salvaged = Configuration.salvage(
                file: try locate(),
                environment: ProcessInfo.processInfo.environment
            )
            guard let salvaged else { throw error }
            // What is there and is no store, or may not be opened, is told by whoever opens it.
            guard FileManager.default.fileExists(atPath: salvaged.store) else {
                throw Failure(
                    .configuration,
                    error.description,
                    hint: "Correct this in the configuration: as it is now, the store would be "
                        + "\(salvaged.store), and there is none."
                )
            }
            return (salvaged, error)
        }
    }

    static func warning(_ mistakes: ConfigurationError, _ configuration: Configuration) -> String {
        let lines = mistakes.description.split(separator: "\n")
        let more = lines.count > 1 ? ", and \(lines.count - 1) more" : ""
        return VisibleText.line(
            "warning: \(lines.first ?? "")\(more): `samovar check` says all. This is about the "
                + "store \(configuration.store)"
        )
    }
}

extension Configuration {
    /// Jobs at once of a handler, over all workers; nil when it is not configured.
    ///
    /// When it may be configured in what could not be read, no limit is known.
    func concurrency(of handler: HandlerName) -> Int? {
        self.handler(named: handler.rawValue)?.concurrency
            ?? (unread.contains(.handlers) ? Int.max : nil)
    }

    /// Jobs at once in one worker, as far as that is known.
    var knownSlots: Int { unread.contains(.worker) ? Int.max : worker.slots }
}

extension Configuration {
    /// Opens the store, without making one, and closes it afterwards.
    func withStore<Value>(_ body: (SQLiteStore) async throws -> Value) async throws -> Value {
        let store = try SQLiteStore(
            path: self.store,
            mayCreate: false,
            logger: StoreNotes.logger()
        )
        let value: Value
        do {
            value = try await body(store)
        } catch {
            // The first error is the one to tell.
            try? await store.close()
            throw error
        }
        try await store.close()
        return value
    }

    /// Tells the workers that there is work.
    func ringDoorbell() {
        // Without a doorbell the workers find it at their next look.
        try? Doorbell(stateFolder: stateFolder).ring()
    }
}
