import GRDB
import GRDBSQLite

/// A stranger's connection, such as a `sqlite3` shell: foreign keys are off, and nothing of
/// Samovar's settings applies.
package struct Shell: Sendable {
    private let connection: DatabaseQueue

    package init(_ path: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(5)
        connection = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Runs statements, each on its own.
    package func run(_ sql: String) throws {
        try connection.writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    /// Runs statements and undoes them.
    package func tryOut(_ sql: String) throws {
        try connection.writeWithoutTransaction { database in
            try database.inTransaction(.immediate) {
                try database.execute(sql: sql)
                return .rollback
            }
        }
    }

    package func strings(_ sql: String) throws -> [String] {
        try connection.writeWithoutTransaction { database in
            try Row.fetchAll(database, sql: sql)
                .map { row in row.databaseValues.map(\.text).joined(separator: "|") }
        }
    }

    /// How SQLite would run a statement, a line for each table it reads.
    package func plan(of sql: String) throws -> [String] {
        try connection.writeWithoutTransaction { database in
            let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
            let parameters = unsafe sqlite3_bind_parameter_count(statement.sqliteStatement)
            statement.arguments = StatementArguments(
                [Int64?](repeating: nil, count: Int(parameters))
            )
            return try Row.fetchAll(statement).map { $0["detail"] }
        }
    }

    package func columns(_ relation: String) throws -> [String] {
        try connection.writeWithoutTransaction { database in
            try Array(database.makeStatement(sql: "SELECT * FROM \(relation)").columnNames)
        }
    }

    package func close() throws {
        try connection.close()
    }
}

extension DatabaseValue {
    fileprivate var text: String {
        switch storage {
        case .null: ""
        case .int64(let number): String(number)
        case .double(let number): String(number)
        case .string(let text): text
        case .blob(let bytes): "\(bytes.count) bytes"
        }
    }
}
