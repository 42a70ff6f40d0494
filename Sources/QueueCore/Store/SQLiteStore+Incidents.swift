import Foundation
import GRDB

extension SQLiteStore {
    package func record(
        _ incidents: [Incident],
        recovered: [String]
    ) throws(StoreError) {
        try write { database in
            for incident in incidents { try self.count(incident, in: database) }
            for source in recovered {
                try database.cachedStatement(sql: Self.resolveIncidents)
                    .execute(arguments: [clocks.now().rawValue, source])
            }
        }
    }

    func count(_ incident: Incident, in database: Database) throws {
        let now = clocks.now()
        try database.cachedStatement(sql: Self.countIncident)
            .execute(arguments: [
                incident.kind.rawValue, incident.source, incident.subject, incident.detail,
                incident.count, (incident.firstAt ?? now).rawValue,
                (incident.lastAt ?? now).rawValue,
            ])
    }

    /// Served by the constraint incident_is_counted_once.
    private static let countIncident = """
        INSERT INTO incident (kind, source, subject, detail, count, first_at, last_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (kind, source, subject) DO UPDATE
        SET count = count + excluded.count, detail = excluded.detail, last_at = excluded.last_at,
            resolved_at = NULL
        """

    /// The kinds of `Incident.Kind.isOfStrangers`; served by the same.
    private static let resolveIncidents = """
        UPDATE incident SET resolved_at = ?
        WHERE kind IN ('method_refused', 'signature_refused') AND source = ?
            AND resolved_at IS NULL
        """
}
