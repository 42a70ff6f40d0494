import Foundation
import Gitea
import Testing

@Suite
struct WebhookHeadersTests {
    private static let json = (name: "Content-Type", value: "application/json")

    /// Headers beside a JSON content type, and what they mean.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let headers: [(name: String, value: String)]
        let expected: [String]

        /// `expected` is delivery id, event, event type, family.
        init(_ name: String, _ headers: [(String, String)], _ expected: [String]) {
            testDescription = name
            self.headers = headers.map { (name: $0.0, value: $0.1) }
            self.expected = expected
        }
    }

    static let accepted: [Case] = [
        Case(
            "Gitea's family",
            [
                ("X-Gitea-Delivery", "g"), ("X-Gitea-Event", "issues"),
                ("X-Gitea-Event-Type", "issue_label"),
            ],
            ["g", "issues", "issue_label", "gitea"]
        ),
        Case(
            "Forgejo's family",
            [("X-Forgejo-Delivery", "f"), ("X-Forgejo-Event", "push")],
            ["f", "push", "push", "forgejo"]
        ),
        Case(
            "Gogs' family",
            [("X-Gogs-Delivery", "o"), ("X-Gogs-Event", "push")],
            ["o", "push", "push", "gogs"]
        ),
        Case(
            "Gitea's before the others, whatever the order",
            [
                ("X-Gogs-Delivery", "o"), ("X-Gogs-Event", "fork"),
                ("X-Forgejo-Delivery", "f"), ("X-Forgejo-Event", "wiki"),
                ("X-Gitea-Delivery", "g"), ("X-Gitea-Event", "push"),
            ],
            ["g", "push", "push", "gitea"]
        ),
        Case(
            "Forgejo's when Gitea's has no id",
            [
                ("X-Gitea-Event", "push"),
                ("X-Forgejo-Delivery", "f"), ("X-Forgejo-Event", "wiki"),
            ],
            ["f", "wiki", "wiki", "forgejo"]
        ),
        Case(
            "Gogs' when the others have no event",
            [
                ("X-Gitea-Delivery", "g"), ("X-Gitea-Event", ""),
                ("X-Forgejo-Delivery", ""), ("X-Forgejo-Event", "wiki"),
                ("X-Gogs-Delivery", "o"), ("X-Gogs-Event", "fork"),
            ],
            ["o", "fork", "fork", "gogs"]
        ),
        Case(
            "an empty event with a type",
            [
                ("X-Gitea-Delivery", "g"), ("X-Gitea-Event", ""),
                ("X-Gitea-Event-Type", "package"),
            ],
            ["g", "", "package", "gitea"]
        ),
        Case(
            "no event but a type",
            [("X-Gitea-Delivery", "g"), ("X-Gitea-Event-Type", "package")],
            ["g", "", "package", "gitea"]
        ),
        Case(
            "an empty type",
            [("X-Gitea-Delivery", "g"), ("X-Gitea-Event", "push"), ("X-Gitea-Event-Type", "")],
            ["g", "push", "push", "gitea"]
        ),
        Case(
            "names in any case",
            [("x-gitea-delivery", "g"), ("X-GITEA-EVENT", "push")],
            ["g", "push", "push", "gitea"]
        ),
        Case(
            "spaces around values",
            [("X-Gitea-Delivery", " g "), ("X-Gitea-Event", "\tpush")],
            ["g", "push", "push", "gitea"]
        ),
        Case(
            "the longest id and event",
            [
                ("X-Gitea-Delivery", String(repeating: "~", count: 128)),
                ("X-Gitea-Event", String(repeating: "e", count: 64)),
            ],
            [
                String(repeating: "~", count: 128), String(repeating: "e", count: 64),
                String(repeating: "e", count: 64), "gitea",
            ]
        ),
        Case(
            "an event with every allowed kind of character",
            [("X-Gitea-Delivery", "!\"{}"), ("X-Gitea-Event", "aZ0_.-")],
            ["!\"{}", "aZ0_.-", "aZ0_.-", "gitea"]
        ),
    ]

    @Test(arguments: accepted)
    func `id, event and type come from the first complete family`(_ item: Case) throws {
        let headers = try WebhookHeaders([Self.json] + item.headers)
        let said = [
            headers.deliveryID, headers.event, headers.eventType, headers.family.rawValue,
        ]
        #expect(said == item.expected)
    }

    static let missing: [Case] = [
        Case("nothing", [], []),
        Case("an id alone", [("X-Gitea-Delivery", "g")], []),
        Case("an event alone", [("X-Gitea-Event", "push")], []),
        Case("everything empty", [("X-Gitea-Delivery", ""), ("X-Gitea-Event", "")], []),
        Case("an id of spaces", [("X-Gitea-Delivery", "  "), ("X-Gitea-Event", "push")], []),
        Case("id and event empty", [("X-Gitea-Delivery", "g"), ("X-Gitea-Event-Type", "")], []),
        Case("halves of two", [("X-Gitea-Delivery", "g"), ("X-Gogs-Event", "push")], []),
        Case("only GitHub's", [("X-GitHub-Delivery", "h"), ("X-GitHub-Event", "push")], []),
        Case("names cut short", [("Gitea-Delivery", "g"), ("Gitea-Event", "push")], []),
        Case("names too long", [("X-Gitea-Deliveryy", "g"), ("X-Gitea-Events", "push")], []),
    ]

    @Test(arguments: missing)
    func `no complete family is a missing delivery`(_ item: Case) {
        #expect(throws: WebhookRejection.missingDelivery) {
            try WebhookHeaders([Self.json] + item.headers)
        }
        #expect(WebhookRejection.missingDelivery.status == 400)
    }

    @Test(arguments: ["X-Gitea-Delivery", "x-gitea-event", "X-Gitea-Event-Type", "X-Gogs-Event"])
    func `a name of the delivery or its event that is there twice is refused`(name: String) {
        let names = [
            "X-Gitea-Delivery", "X-Gitea-Event", "X-Gitea-Event-Type", "X-Gogs-Event", name,
        ]
        let error = #expect(throws: WebhookRejection.self) {
            try WebhookHeaders([Self.json] + names.map { (name: $0, value: "push") })
        }
        #expect(error?.status == 400)
    }

    @Test(arguments: [
        "a b", "a\u{7F}", "a\u{0}b", "é", String(repeating: "a", count: 129), "a\tb", "a\nb",
    ])
    func `an id of another shape is refused`(id: String) throws {
        let error = #expect(throws: WebhookRejection.self) {
            try WebhookHeaders([
                Self.json, (name: "X-Gitea-Delivery", value: id),
                (name: "X-Gitea-Event", value: "push"),
            ])
        }
        #expect(error?.status == 400)
        #expect("\(try #require(error))".contains("delivery id"))
    }

    @Test(arguments: ["a b", "push/", "pûsh", String(repeating: "a", count: 65), "a\"b", "a,b"])
    func `an event or type of another shape is refused`(event: String) throws {
        for name in ["X-Gitea-Event", "X-Gitea-Event-Type"] {
            let error = #expect(throws: WebhookRejection.self) {
                try WebhookHeaders([
                    Self.json, (name: "X-Gitea-Delivery", value: "g"), (name: name, value: event),
                ])
            }
            #expect(error?.status == 400)
            #expect("\(try #require(error))".contains("event"))
        }
    }

    @Test(arguments: [
        ("application/json", ContentType.json),
        ("Application/JSON", .json),
        ("application/json; charset=utf-8", .json),
        ("application/json;charset=utf-8", .json),
        (" application/json ; x=y", .json),
        ("application/x-www-form-urlencoded", .form),
        ("APPLICATION/X-WWW-FORM-URLENCODED;charset=UTF-8", .form),
        ("text/plain", nil),
        ("", nil),
        (";", nil),
        ("application/jsonp", nil),
        ("application/jso", nil),
        ("application/vnd.api+json", nil),
        ("application/json, text/plain", nil),
        ("multipart/form-data; boundary=x", nil),
    ])
    func `a content type is JSON, a form or refused`(value: String, type: ContentType?) {
        #expect(ContentType(value) == type)
    }

    @Test
    func `the content type is checked before the delivery`() {
        #expect(throws: WebhookRejection.unsupportedContentType) { try WebhookHeaders([]) }
        #expect(throws: WebhookRejection.unsupportedContentType) {
            try WebhookHeaders([(name: "Content-Type", value: "text/plain")])
        }
        #expect(WebhookRejection.unsupportedContentType.status == 415)
    }

    @Test(arguments: [
        ("X-Gitea-Hook-Installation-Target-Type", "repository", "repository"),
        ("X-Forgejo-Hook-Installation-Target-Type", "system", "system"),
        ("X-GitHub-Hook-Installation-Target-Type", "organization", "organization"),
        ("x-github-hook-installation-target-type", "default", "default"),
        ("X-Gitea-Hook-Installation-Target-Type", "", nil),
        ("X-Gitea-Hook-Installation-Target-Type", "not a name", nil),
        ("X-Hook-Installation-Target-Type", "repository", nil),
    ])
    func `the target type is a name or nil`(name: String, value: String, type: String?) throws {
        let headers = try WebhookHeaders([
            Self.json, (name: "X-Gitea-Delivery", value: "g"),
            (name: "X-Gitea-Event", value: "push"), (name: name, value: value),
        ])
        #expect(headers.targetType == type)
    }
}
