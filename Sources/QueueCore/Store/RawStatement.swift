import Foundation
import GRDB
import GRDBSQLite

/// A prepared statement, used through SQLite's C API.
///
/// GRDB keeps the statement, this type binds and steps it: copying rows and arguments through
/// GRDB's types cost more than SQLite's own work on the paths that run for every delivery and every
/// job. All other statements go through GRDB.
@safe
struct RawStatement {
    private let statement: SQLiteStatement
    private let sql: String
    private let database: Database

    /// Takes the statement from the connection's cache, or prepares it.
    init(_ sql: String, in database: Database) throws {
        unsafe statement = try database.cachedStatement(sql: sql).sqliteStatement
        self.sql = sql
        self.database = database
        // GRDB resets a statement before it uses it, not after.
        reset()
    }

    /// Runs a statement that returns no row.
    func run<each Value: RawBindable>(_ value: repeat each Value) throws {
        defer { reset() }
        try bind(repeat each value)
        while try step() {}
    }

    /// Runs a statement that returns no row and whose last value is a large blob.
    ///
    /// SQLite reads it where it lies: without the copy an ingress at full load took a tenth more.
    func run<each Value: RawBindable>(_ value: repeat each Value, blob: Data) throws {
        defer { reset() }
        try bind(repeat each value)
        let place = unsafe sqlite3_bind_parameter_count(statement)
        // An empty buffer may have no address, which would be bound as NULL.
        guard !blob.isEmpty else {
            let code = unsafe sqlite3_bind_zeroblob(statement, place, 0)
            guard code == SQLITE_OK else { throw failure(code) }
            while try step() {}
            return
        }
        try unsafe blob.withUnsafeBytes { bytes in
            // SQLITE_STATIC: the bytes stay until the statement was stepped to its end.
            let code = unsafe sqlite3_bind_blob(
                statement,
                place,
                bytes.baseAddress,
                Int32(bytes.count),
                nil
            )
            guard code == SQLITE_OK else { throw failure(code) }
            while try step() {}
        }
    }

    /// Runs a statement and reads its first row, if there is one.
    ///
    /// It is run to its end: a statement that changes something has done so when this returns.
    func first<each Value: RawBindable, Result>(
        _ value: repeat each Value,
        read: (RawRow) throws -> Result
    ) throws -> Result? {
        defer { reset() }
        try bind(repeat each value)
        guard try step() else { return nil }
        let result = try unsafe read(RawRow(statement: statement))
        while try step() {}
        return result
    }

    /// Runs a statement without values and reads all its rows.
    func forEach(_ read: (RawRow) throws -> Void) throws {
        defer { reset() }
        while try step() { try unsafe read(RawRow(statement: statement)) }
    }

    private func bind<each Value: RawBindable>(_ value: repeat each Value) throws {
        var place: Int32 = 0
        for value in repeat each value {
            place += 1
            let code = unsafe value.bind(to: statement, at: place)
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }

    /// - Returns: whether there is a row.
    private func step() throws -> Bool {
        switch unsafe sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw failure(code)
        }
    }

    /// What the reset says again was said by step before: sqlite.org/c3ref/reset.html.
    private func reset() {
        unsafe sqlite3_reset(statement)
        unsafe sqlite3_clear_bindings(statement)
    }

    private func failure(_ code: Int32) -> DatabaseError {
        let connection = unsafe database.sqliteConnection
        return DatabaseError(
            resultCode: ResultCode(rawValue: unsafe sqlite3_extended_errcode(connection)),
            message: unsafe String(cString: sqlite3_errmsg(connection)),
            sql: sql
        )
    }
}

/// The row on which a statement stands; valid until it is stepped again.
@safe
struct RawRow {
    fileprivate let statement: SQLiteStatement

    /// Columns are counted from 0.
    subscript(column: Int32) -> Int64 {
        unsafe sqlite3_column_int64(statement, column)
    }

    /// Empty for NULL.
    subscript(column: Int32) -> String {
        guard let text = unsafe sqlite3_column_text(statement, column) else { return "" }
        return unsafe String(cString: text)
    }

    subscript(column: Int32) -> String? {
        isNull(column) ? nil : self[column] as String
    }

    subscript(column: Int32) -> Int64? {
        isNull(column) ? nil : self[column] as Int64
    }

    subscript(column: Int32) -> Data? {
        guard let bytes = unsafe sqlite3_column_blob(statement, column) else {
            // An empty blob has no address: sqlite.org/c3ref/column_blob.html.
            return isNull(column) ? nil : Data()
        }
        return unsafe Data(bytes: bytes, count: Int(sqlite3_column_bytes(statement, column)))
    }

    private func isNull(_ column: Int32) -> Bool {
        unsafe sqlite3_column_type(statement, column) == SQLITE_NULL
    }
}

/// A value that can be bound.
protocol RawBindable {
    /// - Returns: SQLite's result code.
    func bind(to statement: SQLiteStatement, at place: Int32) -> Int32
}

extension Int64: RawBindable {
    func bind(to statement: SQLiteStatement, at place: Int32) -> Int32 {
        unsafe sqlite3_bind_int64(statement, place, self)
    }
}

extension Int: RawBindable {
    func bind(to statement: SQLiteStatement, at place: Int32) -> Int32 {
        unsafe sqlite3_bind_int64(statement, place, Int64(self))
    }
}

extension String: RawBindable {
    func bind(to statement: SQLiteStatement, at place: Int32) -> Int32 {
        // An empty buffer may have no address, which would be bound as NULL.
        guard !isEmpty else { return unsafe sqlite3_bind_text(statement, place, "", 0, copied) }
        var text = self
        return text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
                unsafe sqlite3_bind_text(
                    statement,
                    place,
                    bytes.baseAddress,
                    Int32(bytes.count),
                    copied
                )
            }
        }
    }
}

extension Data: RawBindable {
    func bind(to statement: SQLiteStatement, at place: Int32) -> Int32 {
        guard !isEmpty else { return unsafe sqlite3_bind_zeroblob(statement, place, 0) }
        return unsafe withUnsafeBytes { bytes in
            unsafe sqlite3_bind_blob(
                statement,
                place,
                bytes.baseAddress,
                Int32(bytes.count),
                copied
            )
        }
    }
}

extension Optional: RawBindable where Wrapped: RawBindable {
    func bind(to statement: SQLiteStatement, at place: Int32) -> Int32 {
        switch self {
        case let value?: unsafe value.bind(to: statement, at: place)
        case nil: unsafe sqlite3_bind_null(statement, place)
        }
    }
}

/// SQLITE_TRANSIENT, a macro that casts -1: SQLite copies what it is given.
private let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
