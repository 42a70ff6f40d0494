import Gitea
import GRDB
import Foundation
import TestSupport
import Testing

/// The table of answers in docs/CONTRACT.md, row by row.
@Suite
struct AnswerTests {
    private static let limit = 8 << 10

    private let small = SiteSettings(ingress: ["max_body: 8KiB"])

    @Test
    func `the first check that fails answers`() async throws {
        try await Site.with(small) { site in
            let ingress = try site.startIngress()
            // Wrong in every way; then one mistake after the other is mended.
            var request = Request()
            let original = request
            request.method = "PUT"
            request.target = "/other"
            request.set("Content-Type", "text/plain")
            request.removeAll("-Delivery")
            request.removeAll("Signature")
            request.removeAll("Signature-256")
            request.body = Data(repeating: 0x20, count: Self.limit + 1)
            #expect(try ingress.send(request).status == 404)
            request.target = original.target
            #expect(try ingress.send(request).status == 405)
            request.method = "POST"
            #expect(try ingress.send(request).status == 415)
            request.set("Content-Type", "application/json")
            #expect(try ingress.send(request).status == 400)
            request.set("X-Gitea-Delivery", original.id ?? "")
            #expect(try ingress.send(request).status == 413)
            request.body = original.body
            #expect(try ingress.send(request).status == 401)
            #expect(try site.deliveries == 0)
            request.headers = original.headers
            #expect(try ingress.send(request).status == 202)
            #expect(try ingress.send(request).status == 200)
            let other = Request(id: try #require(original.id), body: Data("{}".utf8))
            #expect(try ingress.send(other).status == 409)
        }
    }

    @Test
    func `another path is 404, and the query does not matter`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            for target in ["/", "/hooks", "/hooks/gitea/", "/hooks/giteaX", "/x?/hooks/gitea"] {
                let reply = try ingress.send(Request().with { $0.target = target })
                #expect(reply.status == 404, "\(target)")
            }
            #expect(
                try ingress.send(
                    Request().with {
                        $0.method = "GET"; $0.target = "/"
                    }
                ).status
                    == 404
            )
            #expect(
                try ingress.send(Request().with { $0.target = "/hooks/gitea?from=proxy" }).status
                    == 202
            )
            #expect(try site.deliveries == 1)
        }
    }

    @Test(arguments: ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
    func `another method is 405 and says which one is right`(_ method: String) async throws {
        try await Site.with { site in
            let reply = try site.startIngress().send(Request().with { $0.method = method })
            #expect(reply.status == 405)
            #expect(reply.headers["allow"] == "POST")
            #expect(try site.deliveries == 0)
        }
    }

    @Test
    func `a content type that is neither JSON nor form is 415`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            for type in ["text/plain", "application/xml", "multipart/form-data", ""] {
                let reply = try ingress.send(Request().with { $0.set("Content-Type", type) })
                #expect(reply.status == 415, "\(type)")
            }
            let none = Request().with { $0.removeAll("Content-Type") }
            #expect(try ingress.send(none).status == 415)
            let parameters = Request().with {
                $0.set("Content-Type", "Application/JSON; charset=utf-8")
            }
            #expect(try ingress.send(parameters).status == 202)
        }
    }

    @Test
    func `without a delivery id, or without any event, it is 400`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let bad = [
                Request().with { $0.removeAll("-Delivery") },
                Request().with {
                    $0.removeAll("-Event")
                    $0.removeAll("-Event-Type")
                },
                // An id of one family does not go with the event of another.
                Request().with {
                    $0.removeAll("Gitea-Event")
                    $0.removeAll("Gitea-Event-Type")
                    $0.removeAll("Gogs-Delivery")
                },
                Request(id: "with space"),
                Request(id: String(repeating: "a", count: 129)),
            ]
            for request in bad {
                let reply = try ingress.send(request)
                #expect(reply.status == 400, "\(request.headers)")
            }
            #expect(try site.deliveries == 0)
            let typeAlone = Request().with { $0.removeAll("-Event") }
            #expect(try ingress.send(typeAlone).status == 202)
            let gogsAlone = Request().with {
                $0.removeAll("Gitea-Delivery")
                $0.removeAll("GitHub-Delivery")
            }
            #expect(try ingress.send(gogsAlone).status == 202)
        }
    }

    @Test
    func `every refusal is JSON with a reason`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let refused = [
                Request().with { $0.target = "/" },
                Request().with { $0.method = "PUT" },
                Request().with { $0.set("Content-Type", "text/plain") },
                Request().with { $0.removeAll("-Delivery") },
                Request().with { $0.body.append(0x20) },
            ]
            struct Refusal: Decodable {
                var status: String
                var error: String
            }
            for request in refused {
                let reply = try ingress.send(request)
                #expect(reply.headers["content-type"] == "application/json")
                let refusal = try JSONDecoder().decode(Refusal.self, from: reply.body)
                #expect(refusal.status == "error")
                #expect(!refusal.error.isEmpty)
            }
        }
    }

    // MARK: Signatures

    @Test
    func `a missing, empty or wrong signature gets one constant 401`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let right = Request()
            let signature = try #require(right.header("X-Gitea-Signature"))
            let wrong = String(signature.reversed())
            var bad = [
                right.with {
                    $0.removeAll("Signature")
                    $0.removeAll("Signature-256")
                },
                right.with {
                    $0.set("X-Gitea-Signature", "")
                    $0.set("X-Gogs-Signature", "")
                    $0.set("X-Hub-Signature-256", "")
                },
                right.with { $0.body.append(0x20) },
                Request(key: .init(id: "other", key: Array("S3cret".utf8))),
                right.with { $0.set("X-Gitea-Signature", String(signature.dropLast())) },
                right.with { $0.set("X-Hub-Signature-256", signature) },
                // SHA-1 alone proves nothing.
                right.with {
                    $0.removeAll("Signature")
                    $0.removeAll("Signature-256")
                    $0.set("X-Hub-Signature", "sha1=0baa384cb619b974584893264b50d241254b2e99")
                },
            ]
            // Of four that are there, each alone disagrees.
            let four = right.with { $0.set("X-Forgejo-Signature", signature) }
            bad += [
                four.with { $0.set("X-Gitea-Signature", wrong) },
                four.with { $0.set("X-Forgejo-Signature", wrong) },
                four.with { $0.set("X-Gogs-Signature", wrong) },
                four.with { $0.set("X-Hub-Signature-256", "sha256=" + wrong) },
            ]
            for request in bad {
                let reply = try ingress.send(request)
                #expect(reply.status == 401, "\(request.headers)")
                #expect(
                    reply.text == #"{"status":"error","error":"signature missing or wrong"}"# + "\n"
                )
            }
            #expect(try site.deliveries == 0)
            #expect(try ingress.send(four).status == 202)
            let upperCase = Request().with {
                $0.set("X-Gitea-Signature", ($0.header("X-Gitea-Signature") ?? "").uppercased())
                $0.set("X-Gogs-Signature", "")
            }
            #expect(try ingress.send(upperCase).status == 202)
        }
    }

    // MARK: Ids

    @Test
    func `the same id with other bytes is a conflict and an incident`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let first = Request()
            let id = try #require(first.id)
            let seq = try ingress.accept(first)
            for count in 1...2 {
                let reply = try ingress.send(Request(id: id, body: Data("{}".utf8)))
                #expect(reply.status == 409)
                #expect(
                    try Stored(reply) == Stored(status: "conflict", delivery: id, seq: seq)
                )
                #expect(
                    try site.reader.number(
                        """
                        SELECT count FROM incident
                        WHERE kind = 'delivery_conflict' AND subject = ?
                        """,
                        [id]
                    ) == count
                )
            }
            #expect(try ingress.send(first).status == 200)
            #expect(
                try site.reader.rows("SELECT body FROM delivery").map { $0["body"] } == [first.body]
            )
        }
    }

    @Test
    func `of the same id posted at once, one is accepted and the others are duplicates`()
        async throws
    {
        try await Site.with { site in
            let ingress = try site.startIngress()
            for _ in 1...10 {
                let request = Request()
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 1...8 { group.addTask { try ingress.send(request).status } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(statuses.sorted() == Array(repeating: 200, count: 7) + [202])
            }
            #expect(try site.deliveries == 10)
            #expect(try site.reader.number("SELECT sum(count) FROM delivery_repeat") == 70)
        }
    }
}
