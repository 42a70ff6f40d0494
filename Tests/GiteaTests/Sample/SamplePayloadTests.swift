import Foundation
import Gitea
import Testing

@Suite
struct SamplePayloadTests {
    @Test(arguments: SamplePayload.eventTypes)
    func `a sample holds its stamp and differs with it`(type: String) throws {
        let stamp = #"2026-01-02 "quoted" \ ☕️"#
        let body = try #require(SamplePayload.body(eventType: type, stamp: stamp))
        let fields = try #require(JSONSerialization.jsonObject(with: body) as? [String: Any])
        #expect(fields["samovar_send"] as? String == stamp)
        #expect(SamplePayload.body(eventType: type, stamp: "other") != body)
        #expect(SamplePayload.body(eventType: type, stamp: stamp) == body)
    }

    @Test(arguments: SamplePayload.eventTypes)
    func `a sample is indented as Gitea does it`(type: String) throws {
        let body = try #require(SamplePayload.body(eventType: type, stamp: "1"))
        let lines = String(decoding: body, as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        let indent = type == "repository" ? " " : "  "
        #expect(lines.first == "{")
        #expect(lines[1].hasPrefix(indent + "\""))
        #expect(lines.last == "}")
        #expect(lines.contains("\(indent)\"samovar_send\": \"1\""))
    }

    @Test
    func `the common types have a sample and others have none`() {
        let needed: Set = [
            "push", "issues", "issue_comment", "pull_request", "create", "delete", "release",
            "repository",
        ]
        #expect(needed.isSubset(of: SamplePayload.eventTypes))
        #expect(SamplePayload.body(eventType: "workflow_run", stamp: "1") == nil)
        #expect(SamplePayload.body(eventType: "", stamp: "1") == nil)
    }
}
