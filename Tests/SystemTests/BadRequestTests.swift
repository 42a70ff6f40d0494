import Foundation
import Gitea
import TestSupport
import Testing

/// Bad input, each with its exact answer.
@Suite
struct BadRequestTests {
    /// What is sent, and all that comes back.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let status: Int
        let error: String
        var headers: [String: String] = [:]
        /// Whether no further request is taken.
        var closes = false

        init(
            _ name: String,
            _ bytes: [UInt8],
            _ status: Int,
            _ error: String,
            headers: [String: String] = [:],
            closes: Bool = false
        ) {
            testDescription = name
            self.bytes = bytes
            self.status = status
            self.error = error
            self.headers = headers
            self.closes = closes
        }

        var body: String { "{\"status\":\"error\",\"error\":\"\(error)\"}\n" }

        var allHeaders: [String: String] {
            var all = headers
            all["content-type"] = "application/json"
            all["content-length"] = String(body.utf8.count)
            if closes { all["connection"] = "close" }
            return all
        }
    }

    private static let noHTTP = "this is no HTTP/1.1 request"
    private static let badSignature = "signature missing or wrong"
    private static let largeHead = "the request's headers are too large or too many"
    private static let noPath = "no webhook endpoint at this path"
    private static let oneHost = "a request has one Host header, which names a host"
    private static let twice =
        "a header with the delivery id, the event or the event type is there twice"
    private static let badID =
        "the delivery id is not 1 to 128 printable ASCII characters without spaces"

    /// A signed push with lines put before the empty line at its head's end.
    private static func push(
        _ lines: String...,
        without name: String? = nil,
        body: [UInt8]? = nil
    ) -> [UInt8] {
        var request = Request()
        if name == "Content-Length" { request.set("Transfer-Encoding", "remove me") }
        let head = String(decoding: request.head, as: UTF8.self)
            .replacing("Transfer-Encoding: remove me\r\n", with: "")
            .dropLast()  // CR and LF are one character
        let more = lines.map { $0 + "\r\n" }.joined()
        return Array((head + more + "\r\n").utf8) + (body ?? Array(request.body))
    }

    /// A form that was signed as it would be if it were well-formed.
    private static func form(_ body: String, payload: String = "{}") -> [UInt8] {
        var request = Request(body: Data(payload.utf8))
        request.body = Data(body.utf8)
        request.set("Content-Type", "application/x-www-form-urlencoded")
        return request.bytes
    }

    private static func changed(_ change: (inout Request) -> Void) -> [UInt8] {
        Request().with(change).bytes
    }

    private static func bad(_ name: String, _ bytes: [UInt8]) -> Case {
        Case(name, bytes, 400, noHTTP, closes: true)
    }

    private static let framing = [
        bad("two lengths", push("Content-Length: 3")),
        bad("a length and chunks", push("Transfer-Encoding: chunked")),
        bad(
            "chunks and a length",
            changed {
                $0.set("Transfer-Encoding", "chunked")
                $0.set("Content-Length", "\($0.body.count)")
            }
        ),
        bad("a length with a sign", push("Content-Length: +3", without: "Content-Length")),
        bad("a negative length", push("Content-Length: -3", without: "Content-Length")),
        bad("a length that is no number", push("Content-Length: x", without: "Content-Length")),
        bad(
            "a length past 64 bits",
            push("Content-Length: 99999999999999999999", without: "Content-Length")
        ),
        bad("a list of lengths", push("Content-Length: 3, 3", without: "Content-Length")),
        bad(
            "an encoding that is not chunked",
            push("Transfer-Encoding: gzip", without: "Content-Length")
        ),
        bad(
            "something else, then chunked",
            push(
                "Transfer-Encoding: gzip, chunked",
                without: "Content-Length"
            )
        ),
        bad(
            "chunked twice",
            push(
                "Transfer-Encoding: chunked",
                "Transfer-Encoding: chunked",
                without: "Content-Length",
                body: emptyBody
            )
        ),
        bad(
            "chunks in HTTP/1.0",
            Array(
                "POST /hooks/gitea HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".utf8
            )
        ),
        bad(
            "a length with another number behind it",
            push(
                "Content-Length: 3 3",
                without: "Content-Length"
            )
        ),
        bad("an empty length", push("Content-Length: ", without: "Content-Length")),
        bad(
            "chunked, then something else",
            push(
                "Transfer-Encoding: chunked, gzip",
                without: "Content-Length"
            )
        ),
        bad("a chunk past 64 bits", chunks("FFFFFFFFFFFFFFFFF\r\n")),
        bad("a chunk with a negative size", chunks("-1\r\n")),
        bad("a chunk without a size", chunks("\r\n")),
        bad("a chunk whose size is no number", chunks("zz\r\n")),
        bad("a chunk that is longer than it says", chunks("1\r\nabc\r\n0\r\n\r\n")),
        bad("NUL in a trailer", chunks("0\r\nX-Filler: a\u{0}b\r\n\r\n")),
    ]

    private static let emptyBody = Array("0\r\n\r\n".utf8)

    private static func chunks(_ body: String) -> [UInt8] {
        push("Transfer-Encoding: chunked", without: "Content-Length", body: Array(body.utf8))
    }

    private static func host(_ host: String) -> Case {
        Case("the host \(host)", Self.host(named: host), 400, oneHost, closes: true)
    }

    private static func chunked(_ request: Request) -> [UInt8] {
        request.head + request.chunks(of: 50).flatMap(\.self)
    }

    private static func host(named host: String) -> [UInt8] {
        let text = String(decoding: Request().bytes, as: UTF8.self)
        return Array(text.replacing("Host: localhost\r\n", with: "Host: \(host)\r\n").utf8)
    }

    private static let heads = [
        Case(
            "no host",
            Array(
                String(decoding: Request().head, as: UTF8.self)
                    .replacing("Host: localhost\r\n", with: "").utf8
            ),
            400,
            oneHost,
            closes: true
        ),
        Case("two hosts", push("Host: localhost"), 400, oneHost, closes: true),
        host("a b"), host("a/b"), host("anna@a"), host("a:x"), host("[::1"), host("[]"),
        host("a:1:2"),
        bad("RTSP", Array("POST /hooks/gitea RTSP/1.0\r\nHost: a\r\n\r\n".utf8)),
        bad("ICE", Array("SOURCE /hooks/gitea ICE/1.0\r\nHost: a\r\n\r\n".utf8)),
        bad("NUL in a header", push("X-Filler: a\u{0}b")),
        bad("a folded header", push("X-Filler: a\r\n b")),
        bad("a space before the colon", push("X-Filler : a")),
        bad("a header without a name", push(": a")),
        bad("a header without a colon", push("filler")),
        bad("line feeds alone", Array("POST /hooks/gitea HTTP/1.1\nHost: a\n\n".utf8)),
        bad("HTTP/2", Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)),
        bad("HTTP/3.0 as text", Array("POST /hooks/gitea HTTP/3.0\r\nHost: a\r\n\r\n".utf8)),
        bad("HTTP/0.9", Array("GET /hooks/gitea\r\n\r\n".utf8)),
        bad("an unknown method", Array("BREW /hooks/gitea HTTP/1.1\r\n\r\n".utf8)),
        bad("no request at all", Array("\u{16}\u{3}\u{1} hello\r\n\r\n".utf8)),
        Case(
            "a header of 40 KiB",
            push("X-Filler: " + String(repeating: "a", count: 40 << 10)),
            431,
            largeHead,
            closes: true
        ),
        Case(
            "a path of 40 KiB",
            changed { $0.target += String(repeating: "a", count: 40 << 10) },
            431,
            largeHead,
            closes: true
        ),
        Case(
            "101 headers",
            push((1...101).map { "X-Filler-\($0): a" }.joined(separator: "\r\n")),
            431,
            largeHead,
            closes: true
        ),
    ]

    private static let targets = [
        Case("another path", changed { $0.target = "/" }, 404, noPath),
        Case(
            "every path",
            changed {
                $0.method = "OPTIONS"; $0.target = "*"
            },
            404,
            noPath
        ),
        Case("another path in absolute form", changed { $0.target = "http://a/b" }, 404, noPath),
        Case(
            "a tunnel",
            Array("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n".utf8),
            404,
            noPath,
            closes: true
        ),
        Case(
            "another method",
            changed { $0.method = "PUT" },
            405,
            "only POST: set the hook's method to POST",
            headers: ["allow": "POST"]
        ),
        Case(
            "another content type",
            changed { $0.set("Content-Type", "text/plain") },
            415,
            "content type must be application/json or application/x-www-form-urlencoded"
        ),
        Case(
            "a body that is compressed",
            changed { $0.set("Content-Encoding", "gzip") },
            415,
            "the body must be sent without a Content-Encoding"
        ),
        Case("two delivery ids", push("X-Gitea-Delivery: other"), 400, twice),
        Case("two events", push("x-gitea-event: fork"), 400, twice),
        Case("two event types", push("X-Gitea-Event-Type: fork"), 400, twice),
        Case(
            "no delivery id",
            changed { $0.removeAll("-Delivery") },
            400,
            "no X-Gitea, X-Forgejo or X-Gogs headers with a delivery id and an event"
        ),
        Case(
            "an id that is not ASCII",
            changed { $0.set("X-Gitea-Delivery", "t\u{E9}e") },
            400,
            badID
        ),
        Case(
            "an event that is not ASCII",
            changed { $0.set("X-Gitea-Event", "p\u{FC}sh") },
            400,
            "the event or the event type is not 1 to 64 letters, digits, '_', '.' or '-'"
        ),
        Case(
            "the largest length there is",
            push("Content-Length: 9223372036854775807", without: "Content-Length"),
            413,
            "the body is larger than 33554432 bytes",
            closes: true
        ),
        Case(
            "a length of 64 bits without a sign",
            push("Content-Length: 18446744073709551615", without: "Content-Length"),
            413,
            "the body is larger than 33554432 bytes",
            closes: true
        ),
        Case(
            "20 000 chunks of one byte",
            chunks(String(repeating: "1\r\n \r\n", count: 20_000) + "0\r\n\r\n"),
            400,
            "the body's chunks are too small",
            closes: true
        ),
        Case(
            "a chunk with an extension of 100 KB",
            chunks("1;" + String(repeating: "a", count: 100_000) + "\r\n \r\n0\r\n\r\n"),
            400,
            "the body's chunks are too small",
            closes: true
        ),
        Case(
            "a chunk whose size has 100 000 zeros",
            chunks(String(repeating: "0", count: 100_000) + "1\r\n \r\n0\r\n\r\n"),
            400,
            "the body's chunks are too small",
            closes: true
        ),
    ]

    private static let signatures = [
        (
            "none",
            changed {
                $0.removeAll("Signature"); $0.removeAll("Signature-256")
            }
        ),
        (
            "one that is not hex",
            changed {
                $0.set("X-Gitea-Signature", String(repeating: "z", count: 64))
            }
        ),
        (
            "one that is not ASCII",
            changed {
                $0.set("X-Gitea-Signature", String(repeating: "\u{E9}", count: 32))
            }
        ),
        ("one of another length", changed { $0.set("X-Gitea-Signature", "ab") }),
        (
            "two that disagree",
            changed {
                $0.set("X-Gogs-Signature", String(repeating: "a", count: 64))
            }
        ),
        (
            "the same header twice, with two values",
            push(
                "X-Gitea-Signature: " + String(repeating: "a", count: 64)
            )
        ),
        ("one of other bytes", changed { $0.body.append(0x20) }),
        ("a form without a payload", form("other=1")),
        ("a form with two payloads", form("payload=%7B%7D&payload=%7B%7D")),
        ("a form with half an escape", form("payload=%7B%7D&x=%7")),
        ("a form with an escape that is not hex", form("payload=%7B%7D&x=%zz")),
        ("100 000 fields and no payload", form(fields)),
    ].map {
        Case(
            $0.0,
            $0.1,
            401,
            badSignature,
            headers: ["www-authenticate": "HMAC-SHA256 realm=\"webhooks\""]
        )
    }

    private static let fields = (1...100_000).map { "f\($0)=\($0)" }.joined(separator: "&")

    @Test(arguments: framing + heads + targets + signatures)
    func `bad input gets this answer and nothing else, and disturbs nobody`(
        _ item: Case
    ) async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let honest = try ingress.connect()
            let connection = try ingress.connect()
            try connection.send(item.bytes)
            let reply = try connection.reply()
            #expect(reply.status == item.status)
            #expect(reply.text == item.body)
            var headers = reply.headers
            let sent = headers.removeValue(forKey: "date")
            let date = try #require(sent)
            #expect(date.wholeMatch(of: /\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/) != nil)
            #expect(headers == item.allHeaders)
            if reply.headers["connection"] == "close" {
                #expect(try connection.awaitEnd() == [])
            } else {
                try connection.send(Request().bytes)
                #expect(try connection.reply().status == 202)
            }
            try honest.send(Request().bytes)
            #expect(try honest.reply().status == 202)
            #expect(try site.deliveries == (item.closes ? 1 : 2))
        }
    }

    @Test
    func `HTTP 1.0 gets no interim answer, which it does not know`() async throws {
        try await Site.with { site in
            let connection = try site.startIngress().connect()
            let text = String(
                decoding: Request().with { $0.set("Expect", "100-continue") }.bytes,
                as: UTF8.self
            )
            try connection.send(
                text.replacing(" HTTP/1.1\r\n", with: " HTTP/1.0\r\n", maxReplacements: 1)
            )
            #expect(try connection.reply().status == 202)
            #expect(try connection.awaitEnd() == [])
        }
    }

    // MARK: Unusual, and fine

    @Test
    func `what is unusual but not wrong is accepted`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let payload = "{\"number\":1}"
            let encoded = "payload=%7B%22number%22%3A1%7D"
            let fine: [(name: String, bytes: [UInt8])] = [
                ("an absolute target", Self.changed { $0.target = "http://a:1\($0.target)?b" }),
                ("a header that is not ASCII", Self.push("X-Filler: caf\u{E9}")),
                ("an empty line before it", Array("\r\n".utf8) + Request().bytes),
                ("a body as it is", Self.push("Content-Encoding: Identity")),
                ("a host by its address", Self.host(named: "[::1]:8480")),
                ("a host without a name", Self.host(named: "")),
                (
                    "blanks after the length",
                    Self.changed { $0.set("Content-Length", "\($0.body.count)  ") }
                ),
                (
                    "blanks after chunked",
                    Self.chunked(Request().with { $0.set("Transfer-Encoding", "chunked  ") })
                ),
                (
                    "90 headers",
                    Self.push((1...70).map { "X-F-\($0): a" }.joined(separator: "\r\n"))
                ),
                ("100 000 fields", Self.form("\(Self.fields)&\(encoded)", payload: payload)),
                ("NUL in the body", Request(body: Data([0, 1, 2])).bytes),
                ("an empty body", Request(body: Data()).bytes),
                (
                    "HTTP/1.0 without a host",
                    Self.changed { _ in }.replacing(
                        Array(" HTTP/1.1\r\nHost: localhost\r\n".utf8),
                        with: Array(" HTTP/1.0\r\n".utf8)
                    )
                ),
            ]
            for (name, bytes) in fine {
                let connection = try ingress.connect()
                try connection.send(bytes)
                let reply = try connection.reply()
                #expect(reply.status == 202, "\(name): \(reply.text)")
            }
            #expect(try site.deliveries == fine.count)
        }
    }

    @Test
    func `an answer to HEAD has no body`() async throws {
        try await Site.with { site in
            let connection = try site.startIngress().connect()
            try connection.send(
                "HEAD /hooks/gitea HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            let answer = String(decoding: try connection.awaitEnd(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
            #expect(answer.hasSuffix("Connection: close\r\n\r\n"))
        }
    }

    @Test
    func `what is no request has its answer's body, also after HEAD`() async throws {
        try await Site.with { site in
            let connection = try site.startIngress().connect()
            try connection.send("HEAD /hooks/gitea HTTP/1.1\r\nHost: a\r\n\r\nBAD\r\n\r\n")
            let text = String(decoding: try connection.awaitEnd(), as: UTF8.self)
            let answers = text.split(separator: "HTTP/1.1 ")
            #expect(answers.first?.hasPrefix("405 ") == true)
            #expect(answers.first?.hasSuffix("\r\n\r\n") == true)
            let body = #"{"status":"error","error":"this is no HTTP/1.1 request"}"#
            #expect(text.hasSuffix("\r\n\r\n\(body)\n"), "\(text)")
        }
    }
}
