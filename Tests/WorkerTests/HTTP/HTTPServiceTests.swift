import Foundation
import Gitea
import QueueCore
import Settings
import Testing

@testable import Worker

@Suite
struct HTTPServiceTests {
    private static let token = "b3arer-t0ken"
    private static let key = Array("signing-key-of-the-handler".utf8)

    private func request(
        _ settings: HTTPSettings,
        _ job: ClaimedJob
    ) throws -> (headers: [String: String], body: Data) {
        let service = try HTTPService(settings, storeID: "store-1")
        let request = try service.request(for: job)
        #expect(request.url == settings.url)
        let pairs = request.headers.map { ($0.name, $0.value) }
        return (try Dictionary(pairs) { _, _ in throw Twice() }, request.body)
    }

    private struct Twice: Error {}

    @Test
    func `without more, a request has the envelope and Samovar's headers`() async throws {
        let job = try await ClaimedJob.sample(id: "delivery-7")
        let sent = try request(HTTPSettings(url: "http://h/"), job)
        var headers = sent.headers
        let agent = headers.removeValue(forKey: "User-Agent")
        #expect(agent?.hasPrefix("samovar/") == true)
        #expect(
            headers == [
                "Content-Type": "application/json",
                "Idempotency-Key": "store-1-1", "X-Samovar-Delivery": "delivery-7",
                "X-Samovar-Event": "push", "X-Samovar-Job": "1", "X-Samovar-Attempt": "1",
                "X-Samovar-Token": "1.1",
            ]
        )
        #expect(sent.body == Envelope.json(job, payload: HandlerPayload(of: job)))
    }

    @Test
    func `configured headers, the token and the signature are added`() async throws {
        let settings = HTTPSettings(
            url: "https://h/",
            headers: [HTTPHeader(name: "X-Team", value: "tea")],
            bearer: HandlerSecret(file: "/f", bytes: Array(Self.token.utf8)),
            signingKey: HandlerSecret(file: "/k", bytes: Self.key),
            template: TemplateSettings(text: #"{"n":{{job.id}}}"#),
            contentType: "application/vnd.tea+json"
        )
        let (headers, body) = try request(settings, try await ClaimedJob.sample())
        #expect(body == Data(#"{"n":1}"#.utf8))
        #expect(headers["X-Team"] == "tea")
        #expect(headers["Authorization"] == "Bearer \(Self.token)")
        #expect(headers["Content-Type"] == "application/vnd.tea+json")
        #expect(
            headers["X-Samovar-Signature-256"]
                == "sha256=" + SigningKey(id: "x", key: Self.key).signature(of: body)
        )
    }

    @Test
    func `the key for idempotency is the same in every attempt, the token is not`() async throws {
        var job = try await ClaimedJob.sample()
        let settings = HTTPSettings(
            url: "https://h/",
            template: TemplateSettings(text: "{{{json(payload)}}}")
        )
        let first = try request(settings, job)
        job.token = AttemptToken(job: job.token.job, attempt: 2)
        let second = try request(settings, job)
        #expect(first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"])
        #expect(first.headers["X-Samovar-Token"] == "1.1")
        #expect(second.headers["X-Samovar-Token"] == "1.2")
        #expect(second.headers["X-Samovar-Attempt"] == "2")
        #expect(first.body == second.body)
    }

    @Test
    func `a sender's text cannot break a header`() async throws {
        let job = try await ClaimedJob.sample(id: "a\r\nX-Evil: 1\u{7F}ü")
        let (headers, _) = try request(HTTPSettings(url: "http://h/"), job)
        #expect(headers["X-Samovar-Delivery"] == "a??X-Evil: 1???")
    }

    @Test
    func `the payload of a form body is what a template sees`() async throws {
        var job = try await ClaimedJob.sample()
        job.delivery.contentType = "application/x-www-form-urlencoded"
        job.delivery.body = Data("payload=%7B%22ref%22%3A%22main%22%7D".utf8)
        let settings = HTTPSettings(
            url: "http://h/",
            template: TemplateSettings(text: "{{payload.ref}}"),
            contentType: "text/plain"
        )
        #expect(try request(settings, job).body == Data("main".utf8))
    }

    @Test
    func `a payload that was pruned is null`() async throws {
        var job = try await ClaimedJob.sample()
        job.delivery.body = nil
        let settings = HTTPSettings(
            url: "http://h/",
            template: TemplateSettings(text: "{{{json(payload)}}}")
        )
        #expect(try request(settings, job).body == Data("null".utf8))
    }
}
