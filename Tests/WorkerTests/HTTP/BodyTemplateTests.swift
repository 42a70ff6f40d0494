import Foundation
import Settings
import Testing

@testable import Worker

@Suite
struct BodyTemplateTests {
    private static let envelope = #"""
        {"delivery":{"id":"d-1","seq":17,"verified":true},
         "job":{"id":5,"handler":"main","attempt":1},"action":"opened","trust":null,
         "with":{"agent":"tea","limits":{"cpu":2}},
         "payload":{"number":12345678901234567890,"price":1.50,"empty":"","none":null,"off":false,
           "issue":{"title":"Say \"hi\" \\ to\nKim & <b>ü🫖</b>","labels":[{"name":"a"},{"name":"b"}]},
           "commits":[],"names":["x","y","z"]}}
        """#

    private func render(_ template: String, _ contentType: String = "text/plain") throws -> String {
        let template = try BodyTemplate(
            TemplateSettings(text: template),
            contentType: contentType
        )
        return String(decoding: try template.body(from: Data(Self.envelope.utf8)), as: UTF8.self)
    }

    static let values: [(String, String)] = [
        ("{{delivery.id}} {{delivery.seq}} {{job.handler}} {{action}}", "d-1 17 main opened"),
        ("{{with.agent}} {{with.limits.cpu}}", "tea 2"),
        ("{{payload.number}} {{payload.price}}", "12345678901234567890 1.50"),
        ("{{delivery.verified}} {{payload.off}}", "true false"),
        ("[{{payload.none}}{{trust}}{{payload.nothing}}{{nothing.at.all}}]", "[]"),
        ("{{payload.issue.title}}", "Say \"hi\" \\ to\nKim & <b>ü🫖</b>"),
        ("{{payload.names}} {{with.limits}}", #"["x","y","z"] {"cpu":2}"#),
        ("{{#payload.issue.labels}}{{name}},{{/payload.issue.labels}}", "a,b,"),
        ("{{#payload.names}}{{.}}{{^last()}}-{{/last()}}{{/payload.names}}", "x-y-z"),
        (
            "{{#payload.issue}}{{#labels}}{{name}}{{delivery.seq}} {{/labels}}{{/payload.issue}}",
            "a17 b17 "
        ),
        (
            "{{#payload.commits}}x{{/payload.commits}}{{^payload.commits}}none{{/payload.commits}}",
            "none"
        ),
        ("{{#payload.empty}}x{{/payload.empty}}{{^payload.empty}}empty{{/payload.empty}}", "empty"),
        ("{{#payload.none}}x{{/payload.none}}{{^payload.none}}null{{/payload.none}}", "null"),
        ("{{#payload.off}}x{{/payload.off}}{{^payload.off}}off{{/payload.off}}", "off"),
        ("{{#payload.nope}}x{{/payload.nope}}{{^payload.nope}}missing{{/payload.nope}}", "missing"),
        ("{{#delivery.verified}}yes{{/delivery.verified}}", "yes"),
        ("{{count(payload.names)}} {{first(payload.names)}} {{last(payload.names)}}", "3 x z"),
        ("{{#reversed(payload.names)}}{{.}}{{/reversed(payload.names)}}", "zyx"),
        ("{{uppercased(action)}} {{count(with)}}", "OPENED 2"),
        ("{{! a comment }}{{=<% %>=}}<% action %>{{action}}", "opened{{action}}"),
        ("\n  {{#action}}\n  a\n  {{/action}}\n", "\n  a\n"),
        ("first line", "first line"),
    ]

    @Test(arguments: values)
    func `a template sees the whole envelope`(template: String, expected: String) throws {
        #expect(try render(template) == expected)
    }

    static let inJSON: [(String, String)] = [
        (
            #"{"text":"{{payload.issue.title}}"}"#,
            #"{"text":"Say \"hi\" \\ to\u000aKim & <b>ü🫖</b>"}"#
        ),
        (
            #"{"n":{{payload.number}},"b":{{delivery.verified}}}"#,
            #"{"n":12345678901234567890,"b":true}"#
        ),
        (
            #"{"title":{{{json(payload.issue.title)}}}}"#,
            #"{"title":"Say \"hi\" \\ to\u000aKim & <b>ü🫖</b>"}"#
        ),
        (
            #"{"labels":{{{json(payload.issue.labels)}}}}"#,
            #"{"labels":[{"name":"a"},{"name":"b"}]}"#
        ),
        (
            #"{"none":{{{json(payload.none)}}},"off":{{{json(payload.off)}}}}"#,
            #"{"none":null,"off":false}"#
        ),
        (
            #"{"all":{{{json(with)}}},"empty":{{{json(payload.commits)}}}}"#,
            #"{"all":{"agent":"tea","limits":{"cpu":2}},"empty":[]}"#
        ),
        (
            #"{"as text":"{{json(with)}}"}"#,
            #"{"as text":"{\"agent\":\"tea\",\"limits\":{\"cpu\":2}}"}"#
        ),
        (
            "[{{#payload.names}}\"{{.}}\"{{^last()}},{{/last()}}{{/payload.names}}]",
            #"["x","y","z"]"#
        ),
        ("[{{#payload.names}}{{{json(.)}}},{{/payload.names}}0]", #"["x","y","z",0]"#),
    ]

    @Test(arguments: inJSON)
    func `in a JSON body texts are escaped, and json() inserts a value`(
        template: String,
        expected: String
    ) throws {
        for type in ["application/json", "Application/JSON; charset=utf-8", "application/x+json"] {
            #expect(try render(template, type) == expected)
        }
    }

    static let notJSON: [(String, String)] = [
        ("{{payload.issue.title}}", "line 1, column 1: no value"),
        (#"{"a":{{{json(payload.nothing)}}}}"#, "line 1, column 6: no value"),
        (
            "{\n\"a\":\"{{{payload.issue.title}}}\"}",
            "line 2, column 11: no comma and no end of an object"
        ),
        (#"[{{#payload.names}}{{.}},{{/payload.names}}]"#, "line 1, column 2: no value"),
    ]

    @Test(arguments: notJSON)
    func `a body that ought to be JSON and is not is told by its place`(
        template: String,
        problem: String
    ) throws {
        let failure = #expect(throws: BodyTemplate.Failure.self) {
            try render(template, "application/json")
        }
        #expect(failure?.reason == "what the template makes is no JSON: \(problem)")
    }

    @Test
    func `in a form values are percent-encoded`() throws {
        #expect(
            try render(
                "t={{payload.issue.title}}&a={{{action}}}",
                "application/x-www-form-urlencoded"
            )
                == "t=Say%20%22hi%22%20%5C%20to%0AKim%20%26%20%3Cb%3E%C3%BC%F0%9F%AB%96%3C%2Fb%3E&a=opened"
        )
    }

    /// What the configuration takes for a function inserts something here, and nothing else does.
    @Test(arguments: [
        ("json(payload.number)", "12345678901234567890"), ("first(payload.names)", "x"),
        ("last(payload.names)", "z"), ("count(payload.names)", "3"),
        ("reversed(action)", "denepo"), ("empty(payload.names)", "false"),
        ("uppercased(action)", "OPENED"), ("lowercased(action)", "opened"),
        ("capitalized(action)", "Opened"), ("equalzero(job.attempt)", "false"),
        ("plusone(job.attempt)", "2"), ("minusone(job.attempt)", "0"),
        ("even(job.attempt)", "false"), ("odd(job.attempt)", "true"),
        (
            "#payload.names}}{{index()}}{{even()}}{{odd()}}{{first()}}{{last()}}{{/payload.names",
            """
            0truefalsetruefalse1falsetruefalsefalse2truefalsefalsetrue
            """
        ),
        ("foo(action)", ""), ("json()", ""), ("index(action)", ""),
    ])
    func `a function inserts what it makes of a value`(tag: String, text: String) throws {
        #expect(try render("{{\(tag)}}") == text)
    }

    @Test
    func `delimiters that are set in a section end with it`() throws {
        let template = "{{#action}}{{=<% %>=}}<%.%><%/action%>{{delivery.id}}<%action%>"
        #expect(try render(template) == "openedd-1<%action%>")
    }

    @Test
    func `the same envelope always makes the same body`() throws {
        let bodies = try (0..<20).map { _ in
            try render("{{{json(payload)}}}", "application/json")
        }
        #expect(Set(bodies).count == 1)
    }

    @Test
    func `a mistake that the configuration let through is told by its place`() {
        let failure = #expect(throws: BodyTemplate.Failure.self) {
            try BodyTemplate(TemplateSettings(text: "a\n{{#b}}"), contentType: "text/plain")
        }
        #expect(failure?.reason.hasPrefix("line 2, column ") == true)
    }

    @Test
    func `the documented example for an agent gateway survives what people write`() throws {
        let template = #"""
            {
              "name": "Gitea {{payload.number}}", "agentId": {{{json(with.agent)}}},
              "message": "{{action}}: {{payload.issue.title}}\n\n{{payload.issue.body}}"
            }

            """#
        let body = try JSONNode(parsing: Data(render(template, "application/json").utf8))
        #expect(body["agentId"] == .text("tea"))
        #expect(
            body["message"] == .text("opened: Say \"hi\" \\ to\nKim & <b>ü🫖</b>\n\n")
        )
    }
}
