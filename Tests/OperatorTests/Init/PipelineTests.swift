import Foundation
import Gitea
import QueueCore
import Routing
import Settings
import Testing

@testable import Operator

/// The pipeline in the starter configuration, which is switched off until it is filled in.
@Suite
struct PipelineTests {
    /// The configuration as `init` writes it.
    private static let written = StarterText.configuration(secretID: "2026-11")

    /// The same with all lines switched on, and this id entered.
    private static func enabled(owner: String) -> String {
        written.replacing(#/(?m)^#:/#, with: "").replacing("YOUR-ID", with: owner)
    }

    private func load(_ text: String, in folder: TemporaryFolder) throws -> Configuration {
        let secret = try folder.write("webhook.secret", "a secret of more than sixteen bytes")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: secret)
        for program in ["show", "onboard", "ci", "agent"] {
            let path = try folder.write(program, "#!/bin/sh\n")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755],
                ofItemAtPath: path
            )
        }
        let file = try folder.write("samovar.yaml", text)
        return try Configuration.load(file: file, secrets: .read, environment: [:])
    }

    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/deliveries")

    private static let recordings: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(
            atPath: folder.path(percentEncoded: false)
        )
        return (files ?? []).filter { $0.hasSuffix(".http") }.sorted()
    }()

    /// The routes that a recording runs besides those that are on as written.
    private static func routes(
        _ configuration: Configuration,
        _ name: String,
        change: (old: String, new: String)? = nil
    ) throws -> [String] {
        try all(configuration, name, change: change)
            .filter { !["everything", "test-delivery"].contains($0) }
    }

    private static func all(
        _ configuration: Configuration,
        _ name: String,
        change: (old: String, new: String)? = nil
    ) throws -> [String] {
        let bytes = try Data(contentsOf: folder.appending(path: name))
        let recorded = try RecordedDelivery.parse(bytes)
        let headers = try WebhookHeaders(recorded.headers)
        var body = recorded.body
        if let change {
            let text = String(decoding: body, as: UTF8.self)
            #expect(text.contains(change.old))
            body = Data(text.replacing(change.old, with: change.new).utf8)
        }
        let delivery = WaitingDelivery(
            target: .delivery(DeliverySeq(rawValue: 1)),
            source: "default",
            id: DeliveryID(rawValue: headers.deliveryID),
            event: headers.event,
            eventType: headers.eventType,
            contentType: headers.contentType == .json
                ? "application/json" : "application/x-www-form-urlencoded",
            verifiedBy: "2026-11",
            receivedAt: Timestamp(rawValue: 0),
            tries: 0,
            body: body
        )
        return Router(configuration).decide(delivery).jobs.map(\.route)
    }

    @Test
    func `as written each delivery runs the one handler once, Gitea's test delivery too`()
        async throws
    {
        try await TemporaryFolder.with { folder async throws in
            let configuration = try load(Self.written, in: folder)
            #expect(configuration.warnings.isEmpty)
            #expect(Set(configuration.routes.map(\.run)) == ["show"])
            for name in Self.recordings {
                let isTest = name == "push-test-delivery.http"
                #expect(
                    try Self.all(configuration, name) == [isTest ? "test-delivery" : "everything"],
                    "\(name)"
                )
            }
        }
    }

    @Test
    func `switched on without an id it is refused, and the error says what to enter`() async throws
    {
        try await TemporaryFolder.with { folder async throws in
            let error = try #require(throws: ConfigurationError.self) {
                try load(Self.enabled(owner: "YOUR-ID"), in: folder)
            }
            #expect(error.diagnostics.count == 1)
            #expect(error.description.contains("must be a numeric user id, not 'YOUR-ID'"))
            #expect(error.description.contains("GET /api/v1/users/NAME"))
        }
    }

    @Test
    func `switched on it runs what it should of the recordings, and nothing else`() async throws {
        try await TemporaryFolder.with { folder async throws in
            let configuration = try load(Self.enabled(owner: "1"), in: folder)
            #expect(configuration.warnings.isEmpty)
            var routes: [String: [String]] = [:]
            for name in Self.recordings {
                let found = try Self.routes(configuration, name)
                if !found.isEmpty { routes[name] = found }
            }
            #expect(
                routes == [
                    "push-branch.http": ["ci"],
                    "push-new-branch.http": ["ci"],
                    "repository-created.http": ["onboard-repository"],
                ]
            )
        }
    }

    @Test
    func `an issue of the owner's to implement, and an approval, run the agent`() async throws {
        try await TemporaryFolder.with { folder async throws in
            let mine = try load(Self.enabled(owner: "1"), in: folder)
            let other = try load(Self.enabled(owner: "77"), in: folder)
            let title = (old: #""title": "Issue "#, new: #""title": "[IMPLEMENT] Issue "#)
            let comment = (old: #""body": "comment 1""#, new: #""body": "Fine.\n\n/approve\n""#)
            let pull = (old: #""body": "pr comment""#, new: #""body": "/approve""#)
            let denial = (old: #""body": "pr comment""#, new: #""body": "do not /approve""#)
            let opened = "issues-opened.http"
            #expect(try Self.routes(mine, opened, change: title) == ["implement"])
            #expect(try Self.routes(other, opened, change: title) == [])
            let small = (old: #""title": "Issue "#, new: #""title": "  [Implement] Issue "#)
            let answer = (old: #""title": "Issue "#, new: #""title": "Re: [IMPLEMENT] Issue "#)
            #expect(try Self.routes(mine, opened, change: small) == ["implement"])
            #expect(try Self.routes(mine, opened, change: answer) == [])
            let commented = "issue_comment-created.http"
            #expect(try Self.routes(mine, commented, change: comment) == ["approve"])
            #expect(try Self.routes(other, commented, change: comment) == [])
            let onPull = "pull_request_comment-created.http"
            #expect(try Self.routes(mine, onPull, change: pull) == ["approve"])
            #expect(try Self.routes(mine, onPull, change: denial) == [])
            let words = [
                "approve": true, "Approved": true, "LGTM": true, "Fine.\\n\\nGo ahead": true,
                "not approved": false, "lgtm!": false, "> why?\\n\\nlgtm": false, "go": false,
            ]
            for (word, runs) in words {
                let change = (old: #""body": "comment 1""#, new: #""body": "\#(word)""#)
                let routes = try Self.routes(mine, commented, change: change)
                #expect(routes == (runs ? ["approve"] : []), "\(word)")
            }
        }
    }
}
