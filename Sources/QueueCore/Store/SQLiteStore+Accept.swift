import Foundation
import GRDB

extension SQLiteStore {
    package func accept(
        _ take: @Sendable () -> [Delivery]
    ) throws(StoreError) -> [Acceptance] {
        try writeMakingRoom { database in
            try take().map { delivery in try self.accept(delivery, in: database) }
        }
    }

    private func accept(_ delivery: Delivery, in database: Database) throws -> Acceptance {
        do {
            return .accepted(try insertWaiting(delivery, in: database))
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            // RAISE(ABORT) undoes the one statement; the batch goes on.
            return try compare(delivery, in: database, otherwise: error)
        }
    }

    /// Inserts a delivery that waits to be routed.
    ///
    /// - Throws: a constraint of the schema when its id is known.
    func insertWaiting(_ delivery: Delivery, in database: Database) throws -> DeliverySeq {
        try RawStatement(Self.insertDelivery, in: database).run(
            delivery.source,
            delivery.id.rawValue,
            delivery.event,
            delivery.eventType,
            delivery.targetType,
            delivery.receivedAt.rawValue,
            delivery.remote,
            delivery.contentType,
            delivery.headers,
            delivery.verifiedBy,
            blob: delivery.body
        )
        let seq = DeliverySeq(rawValue: database.lastInsertedRowID)
        try RawStatement(Self.insertRouting, in: database).run(seq.rawValue)
        return seq
    }

    /// What is stored under a delivery's id; its body is nil when that is pruned.
    func stored(
        _ delivery: Delivery,
        in database: Database
    ) throws -> (seq: DeliverySeq, body: Data?)? {
        let known = try Row.fetchOne(
            database,
            sql: "SELECT seq, body FROM delivery WHERE source = ? AND delivery_id = ?",
            arguments: [delivery.source, delivery.id.rawValue]
        )
        return known.map { (DeliverySeq(rawValue: $0["seq"]), $0["body"]) }
    }

    /// The id is known: the same bytes again are counted, other bytes are an incident.
    ///
    /// The stored body is read only here, so that the ordinary delivery never pays for it.
    private func compare(
        _ delivery: Delivery,
        in database: Database,
        otherwise error: DatabaseError
    ) throws -> Acceptance {
        // Another constraint failed, not the uniqueness of the id.
        guard let (seq, body) = try stored(delivery, in: database) else { throw error }
        // A pruned body can no longer be compared; its id was seen, and that decides.
        if let body, body != delivery.body {
            try count(
                Incident(
                    kind: .deliveryConflict,
                    source: delivery.source,
                    subject: delivery.id.rawValue,
                    detail: "another body came under the id of delivery \(seq)"
                ),
                in: database
            )
            return .conflict(seq)
        }
        try database.execute(
            sql: Self.countRepeat,
            arguments: [seq.rawValue, delivery.receivedAt.rawValue]
        )
        return .duplicate(seq)
    }

    package func probe() throws(StoreError) {
        try lookForRoom()
        try writeMakingRoom { database in
            try database.execute(
                sql: "UPDATE store SET probed_at = ? WHERE id = 1",
                arguments: [clocks.now().rawValue]
            )
        }
    }

    /// The probe itself needs next to nothing; a delivery needs more.
    private func lookForRoom() throws(StoreError) {
        var info = statvfs()
        // What does not say how much is free may have room.
        guard unsafe statvfs(path, &info) == 0, info.f_blocks > 0 else { return }
        guard Int(info.f_bavail) * Int(info.f_frsize) < Limits.probeBytes else { return }
        throw .full(path: path)
    }

    /// Relies on trigger delivery_is_not_replaced and the UNIQUE index behind it.
    private static let insertDelivery = """
        INSERT INTO delivery (
            source, delivery_id, event, event_type, target_type, received_at, remote,
            content_type, headers, verified_by, body)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    private static let insertRouting = "INSERT INTO routing (delivery) VALUES (?)"

    private static let countRepeat = """
        INSERT INTO delivery_repeat (delivery, count, last_at)
        VALUES (?, 1, ?)
        ON CONFLICT (delivery) DO UPDATE SET count = count + 1, last_at = excluded.last_at
        """
}
