import Foundation
import GRDB
import Gitea
import Testing

/// What the routes are not asked about is recorded with its reason, and the worker goes on.
@Suite
struct VerdictTests {
    @Test
    func `deliveries that are not what they say are verdicts, not jobs`() async throws {
        let note = SiteSettings.Handler(name: "note", command: ["/usr/bin/true"])
        try await Site.with(SiteSettings(handlers: [note])) { site in
            let ingress = try site.startIngress()
            try site.startWorker()
            let recording = try #require(
                try Recording.all().first { $0.name == "issues-opened.http" }
            )
            // The headers are not signed, so the signature still holds.
            for type in ["issue_label", "push", "unheard_of"] {
                try ingress.accept(
                    Request(recording.delivery).with {
                        $0.set("X-Gitea-Delivery", Request.freshID())
                        $0.set("X-Gitea-Event-Type", type)
                    }
                )
            }
            let deep = String(repeating: "[", count: 10_000)
            let far =
                #"{"ref":"a","before":"a","after":"b","repository":{"id":99999999999999999999}}"#
            for body in ["{\"a\":\(deep)", "{\"ref\":\"a\",\"ref\":\"b\"}", far] {
                try ingress.accept(Request(body: Data(body.utf8)))
            }
            try ingress.accept(Request(body: Data("{\"a\":\"".utf8) + [0xFF] + Data("\"}".utf8)))
            let good = try ingress.accept(Request())
            try site.awaitState("done", ofJobOf: good)

            let rows = try site.reader.rows("SELECT * FROM routing ORDER BY delivery")
            let expected = [
                ("mismatched", "the body is of issues: action is opened, which is of issues"),
                ("mismatched", "the header says push, the body is of issues: ref is missing"),
                // A type that this version does not know, and a route for all types.
                ("routed", ""), ("malformed", "nested deeper than 512 levels"),
                ("malformed", "ref is there twice"),
                ("routed", ""), ("malformed", "not UTF-8 at line 1, column 7 (byte 6)"),
                ("routed", ""),
            ]
            try #require(rows.count == expected.count)
            for (row, (verdict, reason)) in zip(rows, expected) {
                #expect(row["verdict"] == verdict, "\(row)")
                #expect(reason.isEmpty || (row["reason"] as String?)?.contains(reason) == true)
            }
        }
    }

    @Test
    func `without a type header a handler is told the type that the body is of`() async throws {
        let sync = SiteSettings.Handler(
            name: "sync",
            command: ["/usr/bin/env"],
            events: "pull_request_sync"
        )
        let plain = SiteSettings.Handler(
            name: "plain",
            command: ["/usr/bin/true"],
            events: "pull_request"
        )
        try await Site.with(SiteSettings(handlers: [sync, plain])) { site in
            let ingress = try site.startIngress()
            try site.startWorker()
            let recording = try #require(
                try Recording.all().first { $0.name == "pull_request_sync-synchronized.http" }
            )
            let request = Request(recording.delivery).with { $0.removeAll("-Event-Type") }
            let id = try ingress.accept(request)
            try site.awaitState("done", ofJobOf: id)
            #expect(try site.reader.text("SELECT route FROM job") == "sync")
            let output = try #require(
                try site.reader.text("SELECT CAST(output AS TEXT) FROM attempt_output")
            )
            #expect(output.contains("SAMOVAR_EVENT=pull_request_sync\n"), "\(output)")
        }
    }
}
