import Foundation
import GRDB
import Synchronization
import Spawn
import TestSupport
import Testing

/// Restarts of an ingress whose port is held open by somebody else.
@Suite(.timeLimit(.minutes(10)))
struct HandOverTests {
    /// What clients saw, all of them together.
    private struct Seen {
        var accepted: [String: Int] = [:]
        /// Refused connections, requests without an answer, answers other than 202.
        var failures: [String] = []
        var connections = 0
        var farewells = 0
    }

    /// What clients share: what they saw, and whether they are done.
    private final class Watch: Sendable {
        let seen = Mutex(Seen())
        let isOver = Atomic<Bool>(false)
    }

    private static let clients = 6
    private static let restarts = 5

    /// Sends deliveries as Gitea does: on a connection that is kept until one side closes it; a
    /// request of which anything was written is never sent again.
    private func deliver(to port: UInt16, _ watch: Watch) {
        var connection: HTTPConnection?
        while !watch.isOver.load(ordering: .relaxed) {
            let request = Request()
            do {
                if connection?.hasEnded ?? true {
                    connection = try HTTPConnection(port: port)
                    watch.seen.withLock { $0.connections += 1 }
                }
                guard let open = connection else { continue }
                try open.send(request.bytes)
                let reply = try open.reply()
                if reply.headers["connection"] == "close" {
                    connection = nil
                    watch.seen.withLock { $0.farewells += 1 }
                }
                guard reply.status == 202, let id = request.id else {
                    watch.seen.withLock { $0.failures.append("answer \(reply.status)") }
                    continue
                }
                let seq = try Stored(reply).seq
                watch.seen.withLock { $0.accepted[id] = seq }
            } catch {
                watch.seen.withLock { $0.failures.append("\(error)") }
                connection = nil
            }
        }
    }

    @Test
    func `restarts under load refuse no connection, fail no request, and lose nothing`()
        async throws
    {
        try await Site.with { site in
            let socket = HeldSocket()
            let watch = Watch()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<Self.clients {
                    group.addTask { deliver(to: socket.port, watch) }
                }
                defer { watch.isOver.store(true, ordering: .relaxed) }
                for _ in 0..<Self.restarts {
                    let before = watch.seen.withLock(\.accepted.count)
                    let ingress = try site.startIngress(passing: [socket], names: "hooks")
                    try waitUntil("deliveries to be accepted") {
                        let now = watch.seen.withLock { ($0.accepted.count, $0.failures) }
                        try #require(now.1 == [])
                        return now.0 >= before + 50
                    }
                    ingress.signal(SIGTERM)
                    #expect(try ingress.awaitExit() == .code(0), "\(ingress.output)")
                }
                // Whoever waits in the backlog now is served, too.
                _ = try site.startIngress(passing: [socket], names: "hooks")
                let before = watch.seen.withLock(\.accepted.count)
                try waitUntil("the last deliveries") {
                    watch.seen.withLock(\.accepted.count) >= before + 50
                }
            }
            let result = watch.seen.withLock(\.self)
            #expect(result.failures == [])
            #expect(result.farewells >= Self.restarts)
            let rows = try site.reader.rows("SELECT delivery_id, seq FROM delivery")
            let stored = Dictionary(
                rows.map { ($0["delivery_id"] as String, $0["seq"] as Int) },
                uniquingKeysWith: min
            )
            #expect(rows.count == stored.count)
            #expect(stored == result.accepted)
        }
    }

    @Test
    func `a request that comes while the ingress stops is answered, and told to go`() async throws {
        try await Site.with { site in
            // On a loaded machine they may come after the farewell: then with another ingress.
            for _ in 1...10 {
                let before = (try? site.deliveries) ?? 0
                let ingress = try site.startIngress()
                let used = try ingress.connect()
                try used.send(Request().bytes)
                #expect(try used.reply().status == 202)
                let fresh = try ingress.connect()
                // Of the fresh one nothing was heard yet: the other answer shows that it was taken
                // in.
                try used.send(Request().bytes)
                #expect(try used.reply().status == 202)
                let begin = ContinuousClock.now
                ingress.program.signal(SIGTERM)
                let replies = Result {
                    try ingress.program.awaitLine("stopping")
                    return try [used, fresh].map { connection in
                        try connection.send(Request().bytes)
                        return try connection.reply()
                    }
                }
                let wasInTime = ContinuousClock.now - begin < Self.farewellSurely
                #expect(try ingress.program.awaitExit() == .code(0))
                if case .failure = replies, !wasInTime { continue }
                for reply in try replies.get() {
                    #expect(reply.status == 202)
                    #expect(reply.headers["connection"] == "close")
                }
                #expect(try site.deliveries == before + 4)
                return
            }
            Issue.record("the machine was too slow each time")
        }
    }

    /// Less than the second that the ingress waits for what is on its way.
    private static let farewellSurely = Duration.milliseconds(800)
}
