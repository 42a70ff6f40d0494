import Foundation
import QueueCore
import Settings
import Testing

@testable import Operator

@Suite
struct WelcomeTests {
    private static let received = Timestamp(rawValue: 1_767_323_045_000_000)

    private let configuration = Configuration(
        file: "/site/samovar.yaml",
        store: "/site/my queue.db",
        ingress: IngressSettings(
            secrets: [Secret(id: "a", file: "/site/webhook.secret", key: Array("hidden".utf8))]
        )
    )

    private func journey(verdict: String, reason: String? = nil) -> Journey {
        let answer = IngressClient.Answer(status: 202, body: "", duration: .microseconds(1_900))
        var journey = Journey(eventType: "push", answer: answer)
        journey.delivery = Record([
            ("seq", .integer(17)), ("received_at", .time(Self.received)),
            ("verdict", .text(verdict)), ("reason", reason.map { .text($0) } ?? .null),
            ("decided_at", .time(Self.received + .microseconds(3_100))),
        ])
        return journey
    }

    private func stop(outcome: String, error: String? = nil, printed: String) -> Journey.Stop {
        Journey.Stop(
            job: Record([
                ("id", .integer(5)), ("route", .text("everything")), ("handler", .text("show")),
                ("finished_at", .time(Self.received)),
            ]),
            attempts: [
                Record([
                    ("number", .integer(1)), ("started_at", .time(Self.received)),
                    ("ended_at", .time(Self.received + .microseconds(4_200))),
                    ("outcome", .text(outcome)), ("error", error.map { .text($0) } ?? .null),
                ])
            ],
            output: AttemptOutput(kept: Data(printed.utf8), bytes: Int64(printed.utf8.count))
        )
    }

    @Test
    func `the way of a delivery is told step by step`() {
        var journey = journey(verdict: "routed")
        journey.stops = [stop(outcome: "done", printed: "one\ntwo\u{1B}[2J\n")]
        #expect(journey.hasEnded)
        #expect(
            journey.text(on: .none) == """
                  accepted  delivery 17 (push) stored and answered 202 in 1.9 ms
                  routed    to handler show by route everything, 3.1 ms after acceptance
                  ran       job 5, attempt 1: done in 4.2 ms
                  output    one
                            two\\u{1b}[2J

                """
        )
    }

    @Test
    func `a handler that fails is told with its error`() {
        var journey = journey(verdict: "routed")
        journey.stops = [stop(outcome: "retry", error: "exit code 1", printed: "")]
        #expect(
            journey.text(on: .none).contains("job 5, attempt 1: retry in 4.2 ms: exit code 1\n")
        )
    }

    @Test
    func `a delivery that no route wants is told with the reason`() {
        let journey = journey(verdict: "ignored", reason: "no route matches")
        #expect(journey.hasEnded)
        #expect(
            journey.text(on: .none)
                .contains("routed    ignored: no route matches, 3.1 ms after acceptance\n")
        )
    }

    @Test
    func `a delivery that nobody routes points at the worker`() {
        var journey = journey(verdict: "routed")
        journey.delivery = Record([("seq", .integer(17)), ("verdict", .null)])
        #expect(!journey.hasEnded)
        #expect(journey.text(on: .none).contains("is samovar-worker running?"))
    }

    @Test
    func `Gitea's form is explained without showing the secret`() {
        let text = GiteaInstructions(configuration: configuration, command: "samovar").text
        #expect(text.contains("Target URL         http://127.0.0.1:8480/hooks/gitea\n"))
        #expect(text.contains("cat /site/webhook.secret; echo\n"))
        #expect(text.contains("ALLOWED_HOST_LIST = external,loopback\n"))
        #expect(text.contains("sqlite3 -box '/site/my queue.db' 'select * from queue'\n"))
        #expect(text.contains("samovar send push\n"))
        #expect(!text.contains("hidden"))
    }

    @Test(arguments: ["0.0.0.0", "192.168.1.7", "::1", "127.0.0.1"])
    func `what Gitea is told to allow keeps its default, the internet`(host: String) throws {
        var site = configuration
        site.ingress.listen = HostPort(host: host, port: 8480)
        let lines = GiteaInstructions(configuration: site, command: "samovar").text
            .split(separator: "\n")
        let line = try #require(lines.first { $0.contains("ALLOWED_HOST_LIST") })
        #expect(line.contains("= external,"))
    }

    @Test(arguments: ["README.md", "docs/INSTALL.md"])
    func `documents keep Gitea's default, the internet, in its list`(document: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: document), encoding: .utf8)
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("ALLOWED_HOST_LIST") }
        #expect(lines == ["ALLOWED_HOST_LIST = external,loopback"])
    }

    @Test
    func `Gitea's form has the bearer token's header, and further sources are named`() {
        var site = configuration
        site.ingress.sources[0].bearer = SourceBearer(file: "/site/a b", token: Array("t0k".utf8))
        site.ingress.sources.append(
            SourceSettings(
                name: "lan",
                path: "/lan",
                secrets: [Secret(id: "b", file: "/site/lan.secret", key: Array("hidden".utf8))]
            )
        )
        let text = GiteaInstructions(configuration: site, command: "samovar").text
        #expect(
            text.contains(
                """
                    Trigger on         All Events
                    Authorization      header: the text that this prints: \
                echo "Bearer $(cat '/site/a b')"

                    Source lan: http://127.0.0.1:8480/lan, secret in /site/lan.secret
                        samovar send push --source lan

                  Then press Test Delivery below the hook.

                """.dropLast()
            )
        )
        #expect(!text.contains("t0k"))
    }

    @Test(arguments: [("a/b.c", "a/b.c"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("", "''")])
    func `words for the shell are quoted when they need it`(word: String, quoted: String) {
        #expect(ShellText.quoted(word) == quoted)
    }

    @Test
    func `services are called with the absolute configuration and follow their input`() async throws
    {
        try await TemporaryFolder.with { folder async throws in
            for service in Service.allCases {
                let path = try folder.write(service.program, "#!/bin/sh\n")
                let mode = [FileAttributeKey.posixPermissions: 0o700]
                try FileManager.default.setAttributes(mode, ofItemAtPath: path)
            }
            let commands = try ServiceCommand.all(
                in: folder.path,
                configuration: configuration,
                allowPublic: true
            )
            let common = ["--config", "/site/samovar.yaml", "--follow-stdin"]
            for service in Service.allCases {
                #expect(
                    commands[service] == ["\(folder.path)/\(service.program)"] + common
                        + ["--allow-public"]
                )
            }
        }
    }
}
