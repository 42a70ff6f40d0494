import Foundation
import Fuzzing
import GRDB
import Gitea
import Synchronization
import TestSupport
import Testing

/// Broken, forged and absurd requests at the real program, as bytes on a socket.
///
/// `SAMOVAR_FUZZ_SEED` makes the same ones again, `SAMOVAR_FUZZ_REQUESTS` sets how many.
@Suite
struct RequestFuzzTests {
    /// All that docs/CONTRACT.md lists, and the interim answer to `Expect: 100-continue`.
    private static let statuses: Set = [
        100, 200, 202, 400, 401, 403, 404, 405, 408, 409, 413, 415, 429, 431, 503,
    ]
    private static let clients = 8

    @Test
    func `whatever comes, it is answered properly or closed, and only signed bytes are stored`()
        async throws
    {
        let seed = Trials.seed("SAMOVAR_FUZZ_SEED")
        let requests = Trials.count("SAMOVAR_FUZZ_REQUESTS", usual: 2000)
        print("sending \(requests) broken requests, SAMOVAR_FUZZ_SEED=\(seed)")
        let settings = SiteSettings(ingress: ["max_body: 64KiB"])
        try await Site.with(settings) { site in
            let ingress = try site.startIngress()
            let signed = Signed()
            let seen = Seen()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<Self.clients {
                    group.addTask {
                        for number in stride(from: client, to: requests, by: Self.clients) {
                            var random = SeededRandom(
                                seed: seed &* 0xd134_2543_de82_ef95 &+ UInt64(number)
                            )
                            let bytes = Self.bytes(signed, using: &random)
                            let statuses = try Self.send(
                                bytes,
                                to: ingress.port,
                                at: "SAMOVAR_FUZZ_SEED=\(seed), request \(number)"
                            )
                            seen.note(statuses)
                            // Whoever is honest is served meanwhile.
                            if number % 100 == 0 {
                                let honest = Request()
                                signed.note(honest.body)
                                try ingress.accept(honest)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let counts = seen.counts
            print("answers: \(counts.map { "\($0.key): \($0.value)" }.joined(separator: ", "))")
            #expect(!ingress.program.hasEnded)
            // The requests are of many kinds, or this proves little.
            #expect(counts.count >= 6, "\(counts)")
            try signed.check(site)
        }
    }

    // MARK: Making requests

    private static func bytes(_ signed: Signed, using random: inout SeededRandom) -> [UInt8] {
        var bytes: [UInt8] = []
        // Some behind each other on one connection.
        for _ in 0...(Int.random(in: 0..<4, using: &random) == 0 ? 2 : 0) {
            bytes += one(signed, using: &random)
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            Mutation.change(&bytes, words: words, using: &random)
        }
        return bytes
    }

    private static func one(_ signed: Signed, using random: inout SeededRandom) -> [UInt8] {
        var request: Request
        if Int.random(in: 0..<3, using: &random) == 0,
            let recorded = Recordings.all.randomElement(using: &random)
        {
            request = Request(recorded)
            signed.note(request.signedBytes)
        } else {
            request = Request()
            signed.note(request.body)
        }
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            change(&request, using: &random)
        }
        guard Int.random(in: 0..<6, using: &random) == 0 else { return request.bytes }
        request.set("Transfer-Encoding", "chunked")
        let size = Int.random(in: 1...2000, using: &random)
        var chunks = request.chunks(of: size).flatMap { $0 }
        if Bool.random(using: &random) {
            Mutation.change(&chunks, words: words, using: &random)
        }
        return request.head + chunks
    }

    private static func change(_ request: inout Request, using random: inout SeededRandom) {
        let name = names.randomElement(using: &random) ?? ""
        let value = values.randomElement(using: &random) ?? ""
        switch Int.random(in: 0..<9, using: &random) {
        case 0: request.set(name, value)
        case 1: request.headers.append((name: name, value: value))
        case 2: request.removeAll(name)
        case 3:
            request.method = ["GET", "PUT", "PRI", "", "POST "].randomElement(using: &random) ?? ""
        case 4: request.target = targets.randomElement(using: &random) ?? ""
        case 5:
            var body = Array(request.body)
            Mutation.change(&body, words: words, using: &random)
            request.body = Data(body)
        case 6:
            request.set("Content-Length", "\(Int.random(in: 0...200_000, using: &random))")
        case 7:
            request.headers += (0..<Int.random(in: 1...300, using: &random)).map {
                (name: "X-\($0)", value: value)
            }
        default:
            request.set("X-Gitea-Delivery", value)
        }
    }

    private static let targets = [
        "/", "", "*", "/hooks/gitea?x=%zz", "/hooks/gitea/", "//hooks/gitea", "/hooks/%67itea",
        "http://localhost/hooks/gitea", "/hooks/gitea#x", String(repeating: "/a", count: 20_000),
    ]
    private static let names = [
        "Content-Length", "Transfer-Encoding", "Content-Type", "Expect", "Connection", "Host",
        "X-Gitea-Signature", "X-Hub-Signature-256", "X-Gogs-Signature", "X-Gitea-Event",
        "X-Forgejo-Delivery", "Authorization", "X-Forwarded-For", "Upgrade", "Content-Encoding",
        "Trailer", "TE", " X", "", "X:Y",
    ]
    private static let values = [
        "", " ", "0", "-1", "1, 1", "18446744073709551616", "chunked", "chunked, chunked", "gzip",
        "100-continue", "close", "keep-alive, close", "text/plain", "application/json", "\u{0}",
        "é",
        "a\r\nX-Gitea-Event: push", "sha256=", String(repeating: "0", count: 64),
        String(repeating: "x", count: 70_000), "127.0.0.1, ::1", "websocket", "\t",
        "application/x-www-form-urlencoded",
    ]
    private static let words = [
        "\r\n", "\n", "\r", "\r\n\r\n", ":", "HTTP/1.0", "HTTP/9.9", "0\r\n\r\n",
        "ffffffffffffffff\r\n",
        "GET / HTTP/1.1\r\n\r\n", "\u{0}", "payload=", "&payload=", "%", "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n", " ", ";x=y",
    ].map { Array($0.utf8) }

    // MARK: Sending them

    /// Sends bytes, ends its side, and reads until the server ends its own.
    ///
    /// - Returns: the statuses of the answers.
    /// - Throws: when what comes is no answer of the ingress's.
    private static func send(_ bytes: [UInt8], to port: UInt16, at place: String) throws -> [Int] {
        let connection = try HTTPConnection(port: port)
        var statuses: [Int] = []
        do {
            try connection.send(bytes)
            connection.endSending()
            while true {
                let reply = try connection.reply()
                guard Self.statuses.contains(reply.status) else {
                    throw BrokenPromise("\(place): the answer is \(reply.status)")
                }
                if reply.status != 100 {
                    let body = try JSONSerialization.jsonObject(with: reply.body) as? [String: Any]
                    guard body?["status"] is String else {
                        throw BrokenPromise("\(place): the answer's body is '\(reply.text)'")
                    }
                }
                statuses.append(reply.status)
            }
        } catch HTTPConnection.Failure.ended {
            // Closed, after all the answers that there were.
            return statuses
        } catch HTTPConnection.Failure.malformed(let line) {
            throw BrokenPromise("\(place): no HTTP/1.1 response: \(line)")
        } catch HTTPConnection.Failure.tookTooLong {
            throw BrokenPromise("\(place): neither answered nor closed")
        }
    }
}

/// How often which status was answered.
private final class Seen: Sendable {
    private let statuses = Mutex<[Int: Int]>([:])

    var counts: [(key: Int, value: Int)] {
        statuses.withLock { $0.sorted { $0.key < $1.key } }
    }

    func note(_ news: [Int]) {
        statuses.withLock { statuses in
            for status in news { statuses[status, default: 0] += 1 }
        }
    }
}

/// What was signed with the right secret.
private final class Signed: Sendable {
    private let signatures = Mutex<Set<String>>([])

    func note(_ payload: Data) {
        let signature = Request.key.signature(of: payload)
        _ = signatures.withLock { $0.insert(signature) }
    }

    /// Every stored row has a signed payload, and says who verified it.
    func check(_ site: Site) throws {
        let rows = try site.reader.rows("SELECT seq, content_type, verified_by, body FROM delivery")
        #expect(!rows.isEmpty)
        for row in rows {
            let contentType: String = row["content_type"]
            let payload = SignedBytes.of(
                body: row["body"],
                contentType: contentType == "application/json" ? .json : .form
            )
            let signature = Request.key.signature(of: try #require(payload))
            let isSigned = signatures.withLock { $0.contains(signature) }
            let seq: Int = row["seq"]
            #expect(isSigned, "delivery \(seq) was stored, and nobody signed it")
            #expect(row["verified_by"] == "test")
        }
    }
}

extension Request {
    /// What its signature is over.
    fileprivate var signedBytes: Data {
        let isForm = header("Content-Type")?.contains("form") == true
        return SignedBytes.of(body: body, contentType: isForm ? .form : .json) ?? body
    }
}
