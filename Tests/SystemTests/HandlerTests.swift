import Foundation
import GRDB
import TestSupport
import Testing

@Suite
struct HandlerTests {
    // MARK: Ends

    /// How a handler ends, and what that means for its job.
    struct End: Sendable {
        var name: String
        var script: String
        var options = ["retry: { attempts: 2, base: 50ms }"]
        var outcomes: [String]
        var reason: String?
        var exitCode: Int?
        var signal: Int?
    }

    private static let twice = ["retry", "dead"]

    private static func retried(_ name: String, code: Int) -> End {
        End(
            name: name,
            script: "exit \(code)",
            outcomes: twice,
            reason: "retries exhausted: exit code \(code)",
            exitCode: code
        )
    }

    private static func buried(_ code: Int) -> End {
        End(
            name: "exit-\(code)",
            script: "exit \(code)",
            outcomes: ["dead"],
            reason: "exit code \(code)",
            exitCode: code
        )
    }

    private static func says(
        _ name: String,
        _ result: String,
        _ outcomes: [String],
        _ reason: String?
    ) -> End {
        End(
            name: name,
            script: """
                [ $SAMOVAR_ATTEMPT = 1 ] || [ "\(outcomes.last ?? "")" != done ] || exit 0
                printf '%s' '\(result)' > "$SAMOVAR_RESULT"
                """,
            outcomes: outcomes,
            reason: reason,
            exitCode: 0
        )
    }

    private static let ends = [
        End(name: "fine", script: "true", outcomes: ["done"], exitCode: 0),
        retried("temporary", code: 75),
        retried("failing", code: 1),
        End(
            name: "stubborn",
            script: "exit 1",
            options: ["retry: { attempts: 5, base: 10ms }"],
            outcomes: ["retry", "retry", "retry", "retry", "dead"],
            reason: "retries exhausted: exit code 1",
            exitCode: 1
        ),
        End(
            name: "recovering",
            script: "[ $SAMOVAR_ATTEMPT = 2 ]",
            outcomes: ["retry", "done"],
            exitCode: 0
        ),
        buried(64), buried(65), buried(77), buried(78),
        End(
            name: "killed",
            script: "kill -KILL $$",
            outcomes: twice,
            reason: "retries exhausted: ended by signal 9",
            signal: 9
        ),
        End(
            name: "slow",
            script: "sleep 600",
            options: ["retry: { attempts: 2, base: 10ms }", "timeout: 1s"],
            outcomes: twice,
            reason: "retries exhausted: timed out after 1 s",
            signal: 15
        ),
        says("snoozing", #"{"outcome":"snooze","after":"10ms"}"#, ["snooze", "done"], nil),
        says("saying-done", #"{"outcome":"done"}"#, ["done"], nil),
        says("given-up", #"{"outcome":"dead","message":"no use"}"#, ["dead"], "no use"),
        says(
            "asking",
            #"{"outcome":"retry","message":"not yet"}"#,
            twice,
            "retries exhausted: not yet"
        ),
        says(
            "babbling",
            "done, I think",
            twice,
            "retries exhausted: SAMOVAR_RESULT was not understood: "
                + #"it is not a JSON object with a text "outcome""#
        ),
    ]

    @Test
    func `each way a handler ends has its outcome`() async throws {
        let handlers = Self.ends.map { end in
            SiteSettings.Handler(name: end.name, command: [end.name], options: end.options)
        }
        try await Site.with(SiteSettings(handlers: handlers)) { site in
            for end in Self.ends { try site.script(end.name, end.script) }
            let ingress = try site.startIngress()
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitQuiet()
            for end in Self.ends { try expect(end, in: site) }
        }
    }

    private func expect(_ end: End, in site: Site) throws {
        let name = Comment(rawValue: end.name)
        let attempts = try site.reader.rows(
            """
            SELECT attempt.* FROM attempt
            JOIN job ON job.id = attempt.job
            WHERE job.handler = ?
            ORDER BY attempt.id
            """,
            [end.name]
        )
        #expect(attempts.map { $0["outcome"] } == end.outcomes, name)
        #expect(attempts.last?["exit_code"] == end.exitCode, name)
        #expect(attempts.last?["signal"] == end.signal, name)
        let job = try #require(
            try site.reader.rows("SELECT * FROM job WHERE handler = ?", [end.name]).first,
            name
        )
        #expect(job["state"] == end.outcomes.last, name)
        #expect(job["reason"] == end.reason, name)
        let failed = end.outcomes.filter { ["retry", "dead"].contains($0) }.count
        #expect(job["failures"] == failed, name)
    }

    @Test
    func `a program that cannot be executed makes its job dead at once, with the reason`()
        async throws
    {
        let programs = [
            ("missing", "No such file or directory"), ("plain", "Permission denied"),
            ("garbage", "Exec format error"), ("folder", "Permission denied"),
            ("lost", "No such file or directory"),
        ]
        let handlers = programs.map { name, _ in
            SiteSettings.Handler(name: name, command: [name])
        }
        try await Site.with(SiteSettings(handlers: handlers)) { site in
            try site.write("#!/bin/sh\n", to: "plain", mode: 0o644)
            try site.write("\u{1}\u{2}\u{3}", to: "garbage", mode: 0o755)
            try site.write("#!/nowhere/sh\n", to: "lost", mode: 0o755)
            try FileManager.default.createDirectory(
                atPath: site.path("folder"),
                withIntermediateDirectories: false
            )
            let ingress = try site.startIngress()
            let worker = try site.start(Binaries.worker)
            try worker.awaitLine("missing does not exist")
            try worker.awaitLine("working")
            try ingress.accept(Request())
            try site.awaitQuiet()
            for (name, reason) in programs {
                let job = try site.reader.rows("SELECT * FROM job WHERE handler = ?", [name]).first
                #expect(job?["state"] == "dead", "\(name)")
                #expect(job?["attempt"] == 1, "\(name)")
                #expect(job?["reason"] == "cannot execute \(site.path(name)): \(reason)")
            }
        }
    }

    // MARK: What a handler is given

    /// A handler's output of its first attempt.
    private func output(of handler: String, in site: Site) throws -> Data {
        let row = try site.reader.rows(
            """
            SELECT output FROM attempt_output
            JOIN attempt ON attempt.id = attempt_output.attempt
            JOIN job ON job.id = attempt.job
            WHERE job.handler = ? AND attempt.number = 1
            """,
            [handler]
        ).first
        return row?["output"] ?? Data()
    }

    @Test
    func `standard input is the envelope, the payload, or nothing`() async throws {
        let kinds = ["envelope", "payload", "none"]
        let handlers = kinds.map { kind in
            SiteSettings.Handler(
                name: kind,
                command: ["/bin/cat"],
                options: ["stdin: \(kind)"],
                route: ["with: { depth: [1, two] }"]
            )
        }
        try await Site.with(SiteSettings(handlers: handlers)) { site in
            let ingress = try site.startIngress()
            try site.startWorker()
            // Unusual spaces and numbers, to see that nothing is written anew.
            let payload = Data(
                #"{ "action":"opened" , "issue": {}, "n": 1.50e1, "t": "ä\u00e4" }"#.utf8
            )
            let request = Request(event: "issues", body: payload)
            try ingress.accept(request)
            try site.awaitQuiet()
            #expect(try output(of: "payload", in: site) == payload)
            #expect(try output(of: "none", in: site) == Data())

            let envelope = try output(of: "envelope", in: site)
            #expect(envelope.range(of: payload) != nil)
            let fields = try #require(
                try JSONSerialization.jsonObject(with: envelope) as? [String: Any]
            )
            #expect(
                Set(fields.keys) == ["delivery", "job", "action", "trust", "with", "payload"]
            )
            #expect(fields["action"] as? String == "opened")
            let with = try #require(fields["with"] as? [String: Any])
            #expect((with["depth"] as? [Any])?.count == 2)
            let delivery = try #require(fields["delivery"] as? [String: Any])
            #expect(delivery["id"] as? String == request.id)
            #expect(delivery["seq"] as? Int == 1)
            #expect(delivery["source"] as? String == "default")
            #expect(delivery["event"] as? String == "issues")
            #expect(delivery["event_type"] as? String == "issues")
            #expect(delivery["verified"] as? Bool == true)
            #expect((delivery["received_at"] as? String)?.contains("T") == true)
            let job = try #require(fields["job"] as? [String: Any])
            #expect(job["id"] as? Int == 1)
            #expect(job["route"] as? String == "envelope")
            #expect(job["handler"] as? String == "envelope")
            #expect(job["attempt"] as? Int == 1)
            #expect(job["token"] as? String == "1.1")
        }
    }

    @Test
    func `the payload of a form is its decoded field`() async throws {
        let cat = SiteSettings.Handler(
            name: "cat",
            command: ["/bin/cat"],
            options: ["stdin: payload"]
        )
        try await Site.with(SiteSettings(handlers: [cat])) { site in
            let form = try #require(
                try Recording.all().first { $0.name == "issues-opened-form.http" }
            )
            let ingress = try site.startIngress()
            try site.startWorker()
            try ingress.accept(Request(form.delivery))
            try site.awaitQuiet()
            let payload = try output(of: "cat", in: site)
            #expect(try JSONSerialization.jsonObject(with: payload) is [String: Any])
        }
    }

    @Test
    func `the environment says what the job is, and nothing that was not let through`()
        async throws
    {
        let env = SiteSettings.Handler(name: "env", command: ["/usr/bin/env"])
        let asking = SiteSettings.Handler(
            name: "asking",
            command: ["/usr/bin/env"],
            options: ["env: [DEPLOY_TOKEN]"]
        )
        try await Site.with(SiteSettings(handlers: [env, asking])) { site in
            let ingress = try site.startIngress()
            try site.startWorker()
            let body = Data(#"{"action":"label_updated","issue":{}}"#.utf8)
            let request = Request(event: "issue_label", body: body)
            try ingress.accept(request)
            try site.awaitQuiet()
            let variables = try environment(of: "env", in: site)
            let uuid = try site.reader.text("SELECT uuid FROM store")
            #expect(variables["SAMOVAR_DELIVERY"] == request.id)
            #expect(variables["SAMOVAR_EVENT"] == "issue_label")
            #expect(variables["SAMOVAR_ACTION"] == "label_updated")
            #expect(variables["SAMOVAR_JOB"] == "1")
            #expect(variables["SAMOVAR_ATTEMPT"] == "1")
            #expect(variables["SAMOVAR_TOKEN"] == "1.1")
            #expect(variables["SAMOVAR_STORE"] == uuid)
            // Nobody asked.
            #expect(variables["SAMOVAR_TRUST"] == "")
            #expect(variables["SAMOVAR_RESULT"]?.hasPrefix(site.folder) == true)
            #expect(variables["HOME"] == site.folder)
            #expect(
                Set(variables.keys) == [
                    "SAMOVAR_DELIVERY", "SAMOVAR_EVENT", "SAMOVAR_ACTION", "SAMOVAR_JOB",
                    "SAMOVAR_ATTEMPT", "SAMOVAR_TOKEN", "SAMOVAR_RESULT", "SAMOVAR_STORE",
                    "SAMOVAR_STORE_FILE", "SAMOVAR_CONFIG", "SAMOVAR_TRUST", "PATH", "HOME",
                    "TMPDIR",
                ]
            )
            let asked = try environment(of: "asking", in: site)
            #expect(asked["DEPLOY_TOKEN"] == "hidden")
            #expect(asked["SAMOVAR_TOKEN"] == "2.1")
        }
    }

    private func environment(of handler: String, in site: Site) throws -> [String: String] {
        let lines = String(decoding: try output(of: handler, in: site), as: UTF8.self)
            .split(separator: "\n")
        return Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let parts = line.split(separator: "=", maxSplits: 1)
                return (String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
            }
        )
    }

    // MARK: Output and input at their limits

    @Test
    func `of long output the first 16 KiB and the last 48 KiB are kept`() async throws {
        let loud = SiteSettings.Handler(name: "loud", command: ["loud"])
        let mixed = SiteSettings.Handler(name: "mixed", command: ["mixed"])
        try await Site.with(SiteSettings(handlers: [loud, mixed])) { site in
            try site.script(
                "loud",
                "echo first; head -c 20000000 /dev/zero | tr '\\0' x; echo last"
            )
            try site.script("mixed", "echo out; echo err >&2; echo out")
            let ingress = try site.startIngress()
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitQuiet()
            let kept = String(decoding: try output(of: "loud", in: site), as: UTF8.self)
            #expect(kept.hasPrefix("first\nxxx"), site.attempts)
            #expect(kept.hasSuffix("xxxlast\n"))
            let leftOut = 20_000_011 - (64 << 10)
            #expect(kept.contains("\n[samovar: \(leftOut) bytes left out]\n"))
            #expect(try site.reader.number("SELECT max(bytes) FROM attempt_output") == 20_000_011)
            #expect(try output(of: "mixed", in: site) == Data("out\nerr\nout\n".utf8))
        }
    }

    @Test
    func `a handler need not read its input, and may be given much`() async throws {
        let names = [("deaf", "/usr/bin/true"), ("count", "/usr/bin/sha256sum")]
        let handlers = names.map { name, program in
            SiteSettings.Handler(name: name, command: [program], options: ["stdin: payload"])
        }
        try await Site.with(SiteSettings(handlers: handlers)) { site in
            let ingress = try site.startIngress()
            try site.startWorker()
            let payload = Request.push() + Data(repeating: 0x20, count: 3 << 20)
            try ingress.accept(Request(body: payload))
            try site.awaitQuiet()
            #expect(try site.reader.texts("SELECT state FROM job") == ["done", "done"])
            let digest = try site.reader.text("SELECT payload_sha256 FROM routing")
            let printed = String(decoding: try output(of: "count", in: site), as: UTF8.self)
            #expect(printed == "\(digest ?? "")  -\n")
        }
    }

    @Test
    func `a handler gets no descriptor of the worker but its own three`() async throws {
        let list = SiteSettings.Handler(
            name: "list",
            command: ["/usr/bin/ls", "/proc/self/fd"],
            options: ["concurrency: 8"]
        )
        try await Site.with(SiteSettings(handlers: [list])) { site in
            let ingress = try site.startIngress()
            for _ in 1...30 { try ingress.accept(Request()) }
            try site.startWorker()
            try site.awaitQuiet()
            let outputs = try site.reader.rows("SELECT output FROM attempt_output")
                .map { String(decoding: $0["output"] as Data, as: UTF8.self) }
            #expect(outputs.count == 30)
            // The fourth is the folder that ls reads.
            #expect(Set(outputs) == ["0\n1\n2\n3\n"])
        }
    }

    @Test
    func `what a handler leaves in its process group ends with it`() async throws {
        let forking = SiteSettings.Handler(name: "forking", command: ["forking"])
        try await Site.with(SiteSettings(handlers: [forking])) { site in
            try site.script("forking", "sleep 600 & echo $! > left")
            let ingress = try site.startIngress()
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitQuiet()
            let left = try #require(site.lines("left").first.flatMap { Int32($0) })
            try waitUntil("the child to be gone") { !Processes.exists(left) }
        }
    }

    // MARK: Payloads

    @Test
    func `malformed JSON with a good signature is a verdict, and the worker goes on`() async throws
    {
        let note = SiteSettings.Handler(name: "note", command: ["/usr/bin/true"])
        try await Site.with(SiteSettings(handlers: [note])) { site in
            let ingress = try site.startIngress()
            try site.startWorker()
            let malformed = [
                ("{\"ref\": nope}", "byte"), ("{\"ref\":\"\u{1}\"}", "byte"), ("{} x", "byte"),
                ("", "empty"), ("[1]", "array"),
            ]
            for (text, _) in malformed { try ingress.accept(Request(body: Data(text.utf8))) }
            let good = try ingress.accept(Request())
            try site.awaitState("done", ofJobOf: good)
            let rows = try site.reader.rows("SELECT * FROM routing ORDER BY delivery")
            #expect(rows.last?["verdict"] == "routed")
            for (row, (_, reason)) in zip(rows, malformed) {
                #expect(row["verdict"] == "malformed")
                #expect((row["reason"] as String).contains(reason), "\(row)")
                #expect((row["payload_sha256"] as String?)?.count == 64)
            }
            #expect(try site.reader.number("SELECT count(*) FROM job") == 1)
        }
    }

    @Test
    func `a delivery that no route takes is ignored, with the reason`() async throws {
        let note = SiteSettings.Handler(name: "note", command: ["/usr/bin/true"], events: "issues")
        try await Site.with(SiteSettings(handlers: [note])) { site in
            let ingress = try site.startIngress()
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitQuiet()
            let row = try site.reader.rows("SELECT * FROM routing").first
            #expect(row?["verdict"] == "ignored")
            #expect(row?["reason"] == "no route matches")
            let decision: String = try #require(row?["decision"])
            #expect(decision.contains("event type is push, not issues"))
        }
    }
}
