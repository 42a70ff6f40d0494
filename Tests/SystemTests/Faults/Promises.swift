import Foundation
import GRDB
import Synchronization
import TestSupport

/// What clients were told about their deliveries, to be compared with what is in the store.
///
/// A promise is a 2xx: accepted (with a number, or in the spool) or a duplicate of what is there.
/// What was refused or never answered may be in the store or not.
final class Promises: Sendable {
    private struct Promise {
        /// Nil for what went to the spool.
        var seq: Int?
        var body: Data
    }

    private struct State {
        var promised: [String: Promise] = [:]
        /// Not yet compared with the store.
        var unchecked: [String] = []
        var unanswered: [Request] = []
        var refused = 0
    }

    private let state = Mutex(State())

    /// How many deliveries were promised to be kept.
    var count: Int { state.withLock(\.promised.count) }

    /// How many answers were 503.
    var refused: Int { state.withLock(\.refused) }

    /// Whether it is rare that something is refused: never, unless the machine stands still for
    /// seconds, and a commit with it.
    var areNearlyAll: Bool { state.withLock { $0.refused * 20 <= $0.promised.count } }

    /// Notes an answer.
    ///
    /// - Throws: when it is neither a promise nor a 503.
    func note(_ reply: HTTPReply, to request: Request) throws {
        guard let id = request.id else { throw BrokenPromise("a request without an id") }
        switch reply.status {
        case 200, 202:
            let said = try JSONDecoder().decode(Said.self, from: reply.body)
            guard said.delivery == id, said.seq != nil || said.durable == "spool" else {
                throw BrokenPromise("an answer that is not about \(id): \(reply.text)")
            }
            state.withLock { state in
                state.promised[id] = Promise(seq: said.seq, body: request.body)
                state.unchecked.append(id)
            }
        case 503:
            guard reply.headers["retry-after"].flatMap({ Int($0) }) ?? 0 > 0 else {
                throw BrokenPromise("a 503 without Retry-After")
            }
            state.withLock { $0.refused += 1 }
        default:
            throw BrokenPromise("an answer that no honest client gets: \(reply.status)")
        }
    }

    private struct Said: Decodable {
        var delivery: String
        var seq: Int?
        var durable: String?
    }

    /// Keeps a request whose client does not know what became of it.
    func noteUnanswered(_ request: Request) {
        state.withLock { $0.unanswered.append(request) }
    }

    /// One of those requests, to be sent again.
    func takeUnanswered() -> Request? {
        state.withLock { $0.unanswered.popLast() }
    }

    /// Compares what was promised since the last time with the store.
    ///
    /// - Throws: ``BrokenPromise``, naming what is missing or different.
    func check(storeAt path: String) throws {
        let news = state.withLock { state in
            defer { state.unchecked = [] }
            return state.unchecked.compactMap { id in state.promised[id].map { (id, $0) } }
        }
        // Before the first promise there may be no store.
        guard !news.isEmpty else { return }
        try read(path) { database in
            for (id, promise) in news {
                let row = try Row.fetchOne(
                    database,
                    sql:
                        "SELECT seq, body FROM delivery WHERE source = 'default' AND delivery_id = ?",
                    arguments: [id]
                )
                guard let row else { throw BrokenPromise("\(id) was acknowledged and is lost") }
                let isSame = row["body"] == promise.body
                guard isSame, promise.seq == nil || row["seq"] == promise.seq else {
                    throw BrokenPromise("\(id) was acknowledged and is another delivery now")
                }
            }
        }
    }

    /// Compares all of it with the whole store, and asks SQLite whether the file is sound.
    func checkAll(storeAt path: String) throws {
        state.withLock { $0.unchecked = Array($0.promised.keys) }
        try check(storeAt: path)
        try read(path) { database in
            let twice = try String.fetchAll(
                database,
                sql: "SELECT delivery_id FROM delivery GROUP BY delivery_id HAVING count(*) > 1"
            )
            guard twice.isEmpty else { throw BrokenPromise("stored twice: \(twice)") }
            let answer = try String.fetchAll(database, sql: "PRAGMA integrity_check")
            guard answer == ["ok"] else { throw BrokenPromise(answer.joined(separator: "\n")) }
        }
    }

    /// The ids of what was promised and is not in the store.
    func missing(fromStoreAt path: String) throws -> [String] {
        let promised = state.withLock { Array($0.promised.keys) }
        return try read(path) { database in
            let stored = try Set(
                String.fetchAll(database, sql: "SELECT delivery_id FROM delivery")
            )
            return promised.filter { !stored.contains($0) }
        }
    }

    private func read<Value>(_ path: String, _ look: (Database) throws -> Value) throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(60)
        let database = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? database.close() }  // nothing was written
        return try database.read(look)
    }
}

/// A promise to a client was not kept.
struct BrokenPromise: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}

extension Promises {
    /// Sends a request on a connection of its own, and notes the answer.
    @discardableResult
    func send(_ request: Request, to ingress: RunningIngress) throws -> HTTPReply {
        do {
            let reply = try ingress.send(request)
            try note(reply, to: request)
            return reply
        } catch let error as HTTPConnection.Failure {
            noteUnanswered(request)
            throw error
        }
    }

    /// Sends one delivery after the other, each client on a connection of its own, until the
    /// ingress is gone or `isOver`.
    ///
    /// First what earlier rounds left unanswered, as a person would with Gitea's "Redeliver".
    func load(
        _ ingress: RunningIngress,
        clients: Int,
        until isOver: @escaping @Sendable () -> Bool = { false }
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<clients {
                group.addTask { try self.client(of: ingress, until: isOver) }
            }
            try await group.waitForAll()
        }
    }

    private func client(of ingress: RunningIngress, until isOver: () -> Bool) throws {
        // The ingress is gone already.
        guard let connection = try? ingress.connect() else { return }
        while !isOver() {
            let request = takeUnanswered() ?? Request(body: Self.body())
            let reply: HTTPReply
            do {
                try connection.send(request.bytes)
                reply = try connection.reply()
            } catch {
                // Killed or stopped: nobody knows what became of it.
                noteUnanswered(request)
                return
            }
            try note(reply, to: request)
        }
    }

    /// Small as a rule, sometimes of many pages.
    static func body() -> Data {
        let length = Int.random(in: 0..<8) > 0 ? 100 : Int.random(in: 1000...60_000)
        return Data(
            "{\"after\":\"\(Request.freshID())\",\"n\":\"\(String(repeating: "x", count: length))\"}"
                .utf8
        )
    }
}
