import Foundation
import NIOCore
import QueueCore
import TestSupport
import Testing

@testable import Ingress

/// What all requests hold together, and how many wait for a commit.
@Suite
struct MemoryTests {
    private static let full =
        #"{"status":"error","error":"too many requests in memory"}"# + "\n"

    private func withIngress(_ body: (SocketlessIngress) throws -> Void) async throws {
        try await withStore { store, path in
            try body(SocketlessIngress(store: store, path: path))
        }
    }

    /// A request whose body is so large, without the last of it.
    private func part(bytes: Int) -> [UInt8] {
        let body = Data(repeating: 0x20, count: bytes + 10)
        return Array(Request(body: body).bytes.dropLast(10))
    }

    @Test
    func `when bodies take all memory, the largest that is not complete goes`() async throws {
        try await withIngress { ingress in
            // Others hold all but 1000 bytes.
            let others = IngressLimits.bytesInMemory - 1000
            ingress.registry.bytesInMemory = others
            let (small, large, latest) = try (
                ingress.connect(), ingress.connect(), ingress.connect()
            )
            try small.receive(part(bytes: 200))
            try large.receive(part(bytes: 600))
            #expect(small.sent() + large.sent() == "")
            try latest.receive(part(bytes: 400))
            let answer = large.sent()
            #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(answer.contains("\r\nRetry-After: 5\r\nConnection: close\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n" + Self.full))
            #expect(small.sent() + latest.sent() == "")
            #expect(ingress.registry.bytesInMemory == others + 600)
            // Larger than all that could go: itself.
            let huge = try ingress.connect()
            try huge.receive(part(bytes: 900))
            #expect(huge.sent().hasSuffix(Self.full))
            for connection in [small, large, latest, huge] { try connection.end() }
            #expect(ingress.registry.bytesInMemory == others)
        }
    }

    @Test
    func `what waits for its commit is not let go for a body that comes`() async throws {
        try await withIngress { ingress in
            let others = IngressLimits.bytesInMemory - 1000
            ingress.registry.bytesInMemory = others
            let (waiting, coming) = try (ingress.connect(), ingress.connect())
            try waiting.receive(Request(body: Data(repeating: 0x20, count: 900)).bytes)
            try coming.receive(part(bytes: 200))
            #expect(coming.sent().hasSuffix(Self.full))
            #expect(waiting.sent() == "")
            // There is no room for anything until it is answered.
            #expect(waiting.sent(after: .seconds(4)).hasPrefix("HTTP/1.1 503 "))
            #expect(ingress.registry.bytesInMemory == others)
            let later = try ingress.connect()
            try later.receive(part(bytes: 200))
            #expect(later.sent() == "")
            for connection in [waiting, coming, later] { try connection.end() }
        }
    }

    @Test
    func `more deliveries than may wait for a commit are 503, and the connection goes on`()
        async throws
    {
        try await withIngress { ingress in
            let delivery = Delivery(
                source: "default",
                id: DeliveryID(rawValue: "one"),
                event: "push",
                eventType: "push",
                targetType: nil,
                receivedAt: Timestamp(rawValue: 0),
                remote: "",
                contentType: "application/json",
                headers: "{}",
                verifiedBy: "test",
                body: Data()
            )
            let tickets = (0..<IngressLimits.waitingDeliveries).map { _ in
                ingress.service.commit.submit(delivery) { _ in }
            }
            #expect(tickets.allSatisfy { $0 != nil })
            let connection = try ingress.connect()
            try connection.receive(Request().bytes)
            let answer = connection.sent()
            #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(answer.contains("\r\nRetry-After: 5\r\n"))
            #expect(
                answer.hasSuffix(
                    #"{"status":"error","error":"too many deliveries wait to be stored"}"# + "\n"
                )
            )
            // One of them gave up: there is room for another one.
            let first = try #require(tickets[0])
            #expect(ingress.service.commit.withdraw(first))
            try connection.receive(Request().bytes)
            #expect(connection.sent() == "")
            try connection.end()
        }
    }

    @Test
    func `bodies that do not end fill no memory for honest clients`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            // 12 times 31 MiB are more than is allowed.
            let filler = [UInt8](repeating: 0x20, count: 1 << 20)
            let request = Request().with { $0.set("Content-Length", "\(32 << 20)") }
            var connections: [HTTPConnection] = []
            for _ in 1...12 {
                let connection = try ingress.connect(client: 2)
                try connection.send(request.head)
                // One that was refused meanwhile need not be read to its end.
                for _ in 1...31 { try? connection.send(filler) }
                connections.append(connection)
                try ingress.accept(Request())
                // From the same address, too, and in two parts.
                let honest = try ingress.connect(client: 2)
                let bytes = Request().bytes
                try honest.send(Array(bytes.prefix(bytes.count - 50)))
                try honest.send(Array(bytes.suffix(50)))
                #expect(try honest.reply().status == 202)
            }
            let refused = try #require(connections.first { $0.hasAnswer })
            let reply = try refused.reply()
            #expect(reply.status == 503)
            #expect(reply.headers["retry-after"] == "5")
            #expect(reply.text == Self.full)
            #expect(try site.deliveries == 24)
        }
    }
}
