import Doorbell
import Logging
import Program
import QueueCore
import Settings

extension ConfigurationOption {
    /// Opens the store that is configured, without making one, and closes it afterwards.
    ///
    /// The webhook's secrets stay closed: whoever may read the queue need not be able to sign.
    func withStore<Value>(
        _ body: (SQLiteStore, Configuration) async throws -> Value
    ) async throws -> Value {
        let configuration = try load(secrets: .skip)
        return try await configuration.withStore { try await body($0, configuration) }
    }
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
