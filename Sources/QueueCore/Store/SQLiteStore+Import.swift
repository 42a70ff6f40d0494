import Foundation
import GRDB

extension SQLiteStore {
    package func importSpooled(_ deliveries: [Delivery]) throws(StoreError) -> [Import] {
        try writeMakingRoom { database in
            try deliveries.map { delivery in try self.importOne(delivery, in: database) }
        }
    }

    private func importOne(_ delivery: Delivery, in database: Database) throws -> Import {
        do {
            return .imported(try insertWaiting(delivery, in: database))
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            // RAISE(ABORT) undoes the one statement; the batch goes on.
            guard let known = try stored(delivery, in: database) else {
                // Refused today is refused tomorrow, and must not be in the way of what follows.
                let reason = error.message ?? "a constraint of the schema"
                try note(.deliveryRefused, of: delivery, reason, in: database)
                return .refused(reason: reason)
            }
            guard let body = known.body, body != delivery.body else { return .known(known.seq) }
            try note(
                .deliveryConflict,
                of: delivery,
                "another body came under the id of delivery \(known.seq)",
                in: database
            )
            return .conflict(known.seq)
        }
    }

    /// Counts an incident once for each delivery, however often that is imported: it is dated by
    /// the delivery, and what is not newer than the last one was counted before.
    private func note(
        _ kind: Incident.Kind,
        of delivery: Delivery,
        _ detail: String,
        in database: Database
    ) throws {
        try database.execute(
            sql: Self.countImportIncident,
            arguments: [
                kind.rawValue, delivery.source, delivery.id.rawValue, detail,
                delivery.receivedAt.rawValue, delivery.receivedAt.rawValue,
            ]
        )
    }

    private static let countImportIncident = """
        INSERT INTO incident (kind, source, subject, detail, count, first_at, last_at)
        VALUES (?, ?, ?, ?, 1, ?, ?)
        ON CONFLICT (kind, source, subject) DO UPDATE
        SET count = count + 1, detail = excluded.detail, last_at = excluded.last_at
        WHERE excluded.last_at > incident.last_at
        """
}
