import Foundation
import GRDB

/// Deliveries that were routed long ago, to be looked at with other rules; reads only.
extension SQLiteStore {
    package func history(of delivery: DeliverySeq) throws(StoreError) -> HistoricDelivery? {
        try read { database in
            try Row.fetchOne(
                database,
                sql: "\(Self.historyColumns) WHERE seq = ?",
                arguments: [delivery.rawValue]
            ).map(Self.historic)
        }
    }

    package func history(
        since: Timestamp,
        before earlier: HistoricDelivery?
    ) throws(StoreError) -> [HistoricDelivery] {
        let last = earlier?.delivery
        return try read { database in
            var found: [HistoricDelivery] = []
            var bytes = 0
            let rows = try Row.fetchCursor(
                database,
                sql: Self.historyBatch,
                arguments: [
                    since.rawValue,
                    last?.receivedAt.rawValue ?? Int64.max,
                    last?.target.delivery.rawValue ?? Int64.max,
                    Limits.historyBatch,
                ]
            )
            while bytes < Limits.batchBytes, let row = try rows.next() {
                let delivery = Self.historic(row)
                bytes += delivery.delivery.body.count
                found.append(delivery)
            }
            return found
        }
    }

    private static func historic(_ row: Row) -> HistoricDelivery {
        let body: Data? = row["body"]
        return HistoricDelivery(
            delivery: WaitingDelivery(
                target: .delivery(DeliverySeq(rawValue: row["seq"])),
                source: row["source"],
                id: DeliveryID(rawValue: row["delivery_id"]),
                event: row["event"],
                eventType: row["event_type"],
                isTyped: row["is_typed"],
                targetType: row["target_type"],
                contentType: row["content_type"],
                verifiedBy: row["verified_by"],
                receivedAt: Timestamp(rawValue: row["received_at"]),
                tries: row["tries"],
                body: body ?? Data()
            ),
            isPruned: body == nil
        )
    }

    private static let historyColumns = """
        SELECT seq, source, delivery_id, event, event_type, \(isTyped),
            target_type, content_type, verified_by, received_at, tries, body
        FROM delivery JOIN routing ON routing.delivery = delivery.seq
        """

    /// Served by delivery_by_time, whatever is older or was read before.
    static let historyBatch = """
        \(historyColumns)
        WHERE received_at >= ?1 AND received_at <= ?2 AND (received_at < ?2 OR seq < ?3)
        ORDER BY received_at DESC, seq DESC
        LIMIT ?4
        """
}

/// A delivery as routing read it, or would read it now.
package struct HistoricDelivery: Sendable {
    /// As it would wait to be routed; its body is empty when it was pruned.
    package var delivery: WaitingDelivery

    /// Whether its body is gone, so that nothing can be decided about it any more.
    package var isPruned: Bool
}
