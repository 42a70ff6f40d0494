import Foundation
import Gitea
import Testing

@Suite
struct StoredHeadersTests {
    private static let least = [
        (name: "Content-Type", value: "application/json"),
        (name: "X-Gitea-Delivery", value: "17"),
        (name: "X-Gitea-Event", value: "push"),
    ]

    @Test
    func `only the webhook's own headers are stored`() throws {
        let digest = String(repeating: "a", count: 64)
        let headers = try WebhookHeaders(
            Self.least + [
                (name: "Host", value: "example.org"),
                (name: "Authorization", value: "Bearer hidden"),
                (name: "Cookie", value: "hidden"),
                (name: "X-Forwarded-For", value: "10.0.0.1"),
                (name: "X-Gitea-Signature", value: digest),
                (name: "X-Forgejo-Signature", value: digest),
                (name: "X-Gogs-Signature", value: digest),
                (name: "X-Hub-Signature", value: "sha1=hidden"),
                (name: "X-Hub-Signature-256", value: "sha256=\(digest)"),
                (name: "X-GitHub-Signature", value: "hidden"),
                (name: "X-Gitea-Secret", value: "hidden"),
                (name: "user-agent", value: "Go-http-client/1.1"),
                (name: "X-GitHub-Event-Type", value: "push"),
                (name: "X-Forgejo-Hook-Installation-Target-Type", value: "user"),
            ]
        )
        let names = headers.stored.map(\.name)
        #expect(
            names == [
                "Content-Type", "X-Gitea-Delivery", "X-Gitea-Event", "user-agent",
                "X-GitHub-Event-Type", "X-Forgejo-Hook-Installation-Target-Type",
            ]
        )
    }

    @Test
    func `the JSON is compact and in the order of the headers`() throws {
        let headers = try WebhookHeaders(Self.least)
        #expect(
            headers.storedJSON()
                == #"{"Content-Type":"application/json","X-Gitea-Delivery":"17","#
                + #""X-Gitea-Event":"push"}"#
        )
    }

    @Test
    func `the first of repeated headers is stored`() throws {
        let headers = try WebhookHeaders(
            Self.least + [
                (name: "User-Agent", value: "first"), (name: "USER-AGENT", value: "second"),
            ]
        )
        #expect(headers.stored.count == 4)
        #expect(headers.stored.last?.value == "first")
        #expect(headers.event == "push")
    }

    @Test(arguments: [
        "plain", "", #"with "quotes" and \ and /"#, "tab\there", "all\u{0}\u{1}\u{1F}\u{7F}",
        "line\nfeed\r\n", "Tee ☕️ 茶", "\u{2028}\u{FFFD}", #"\u0041"#, "'; DROP TABLE delivery; --",
    ])
    func `any text survives the JSON`(userAgent: String) throws {
        let headers = try WebhookHeaders(
            Self.least + [(name: "User-Agent", value: userAgent)]
        )
        let json = headers.storedJSON()
        #expect(json.utf8.allSatisfy { $0 >= 0x20 })
        let read = try JSONSerialization.jsonObject(with: Data(json.utf8))
        let fields = try #require(read as? [String: String])
        #expect(fields["User-Agent"] == userAgent)
        #expect(fields.count == headers.stored.count)
    }
}
