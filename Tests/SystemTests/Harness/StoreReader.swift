import Foundation
import GRDB
import TestSupport
import Testing

/// Looks into a store that others write.
struct StoreReader: Sendable {
    let path: String

    private func read<Value>(_ look: (Database) throws -> Value) throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(patience.seconds)
        let database = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? database.close() }  // nothing was written
        return try database.read(look)
    }

    func number(_ sql: String, _ arguments: StatementArguments = []) throws -> Int? {
        try read { try Int.fetchOne($0, sql: sql, arguments: arguments) }
    }

    func text(_ sql: String, _ arguments: StatementArguments = []) throws -> String? {
        try read { try String.fetchOne($0, sql: sql, arguments: arguments) }
    }

    func texts(_ sql: String, _ arguments: StatementArguments = []) throws -> [String] {
        try read { try String.fetchAll($0, sql: sql, arguments: arguments) }
    }

    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try read { try Row.fetchAll($0, sql: sql, arguments: arguments) }
    }
}

extension Duration {
    fileprivate var seconds: Double {
        Double(components.seconds)
    }
}

extension Site {
    var reader: StoreReader { StoreReader(path: store) }

    var deliveries: Int {
        get throws { try reader.number("SELECT count(*) FROM delivery") ?? 0 }
    }

    /// Waits until no delivery waits and no job is live.
    func awaitQuiet() throws {
        try waitUntil("every job to end") {
            try reader.number(
                """
                SELECT (SELECT count(*) FROM routing WHERE verdict IS NULL)
                    + (SELECT count(*) FROM job WHERE state IN ('ready', 'leased'))
                """
            ) == 0
        }
    }

    /// Waits until a delivery's job is in a state.
    func awaitState(_ state: String, ofJobOf delivery: Int) throws {
        try waitUntil("the job of delivery \(delivery) to be \(state)") {
            try reader.text("SELECT state FROM job WHERE delivery = ?", [delivery]) == state
        }
    }

    /// How the attempts at a delivery's jobs ended, in order; those that run are `running`.
    func outcomes(of delivery: Int) throws -> [String] {
        try reader.texts(
            """
            SELECT coalesce(outcome, 'running') FROM attempt
            JOIN job ON job.id = attempt.job
            WHERE job.delivery = ?
            ORDER BY attempt.id
            """,
            [delivery]
        )
    }

    /// All attempts, for whoever looks for the cause of a failure.
    var attempts: Comment {
        let rows = try? reader.rows("SELECT * FROM attempts_recent")
        return Comment(rawValue: rows?.map(\.description).joined(separator: "\n") ?? "none")
    }
}
