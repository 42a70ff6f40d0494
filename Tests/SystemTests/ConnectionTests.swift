import Foundation
import TestSupport
import Testing

@Suite
struct ConnectionTests {
    @Test
    func `one connection takes many requests, refused ones between them`() async throws {
        try await Site.with { site in
            let connection = try site.startIngress().connect()
            for _ in 1...20 {
                try connection.send(Request().bytes)
                #expect(try connection.reply().status == 202)
                try connection.send(Request().with { $0.target = "/" }.bytes)
                #expect(try connection.reply().status == 404)
                try connection.send(Request().with { $0.body.append(0x20) }.bytes)
                #expect(try connection.reply().status == 401)
            }
            #expect(try site.deliveries == 20)
        }
    }

    @Test
    func `pipelined requests are answered in their order`() async throws {
        try await Site.with { site in
            let requests = (1...50).map { index in
                index.isMultiple(of: 5) ? Request().with { $0.target = "/" } : Request()
            }
            let connection = try site.startIngress().connect()
            try connection.send(requests.flatMap(\.bytes))
            for request in requests {
                let reply = try connection.reply()
                if request.target == "/" {
                    #expect(reply.status == 404)
                } else {
                    #expect(reply.status == 202)
                    #expect(try Stored(reply).delivery == request.id)
                }
            }
            #expect(try site.deliveries == 40)
        }
    }

    @Test
    func `Connection: close is honoured, HTTP 1.0 too`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let connection = try ingress.connect()
            try connection.send(Request().with { $0.set("Connection", "close") }.bytes)
            #expect(try connection.reply().status == 202)
            #expect(try connection.awaitEnd() == [])

            let old = try ingress.connect()
            let text = String(decoding: Request().bytes, as: UTF8.self)
            try old.send(text.replacing(" HTTP/1.1\r\n", with: " HTTP/1.0\r\n", maxReplacements: 1))
            #expect(try old.reply().status == 202)
            #expect(try old.awaitEnd() == [])
        }
    }

    @Test
    func `half a request whose sender goes away is forgotten`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            for request in [Request(), Request()] {
                let connection = try ingress.connect()
                try connection.send(Array(request.bytes.dropLast(10)))
            }
            try ingress.connect().send("POST /hoo")
            try ingress.accept(Request())
            #expect(try site.deliveries == 1)
        }
    }

    @Test
    func `what is not HTTP is refused and disturbs nobody`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let garbage = try ingress.connect()
            try garbage.send("\u{16}\u{3}\u{1} hello\r\n\r\n")
            _ = try garbage.awaitEnd()
            let endlessHead = try ingress.connect()
            let line = "X-Filler: " + String(repeating: "a", count: 4000) + "\r\n"
            // Refused somewhere on the way; then writing fails, which is its right.
            try? endlessHead.send(
                "POST /hooks/gitea HTTP/1.1\r\n" + String(repeating: line, count: 100)
            )
            try ingress.accept(Request())
        }
    }
}
