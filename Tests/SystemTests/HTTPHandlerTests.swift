import Foundation
import Gitea
import Spawn
import TestSupport
import Testing

@Suite
struct HTTPHandlerTests {
    /// Gives a test a site with one http handler that runs for every delivery.
    ///
    /// The listener's port is the handler's; it does not listen yet.
    private func withSite(
        _ listener: HTTPListener,
        http: [String] = [],
        options: [String] = ["retry: { attempts: 100, base: 10ms, cap: 10ms }"],
        worker: [String] = [],
        _ body: (Site, RunningIngress) async throws -> Void
    ) async throws {
        var settings = SiteSettings()
        settings.worker += worker
        let url = "http://127.0.0.1:\(listener.port)/hooks/agent?key=in-the-query"
        let lines =
            ["handlers:", "  main:", "    http:", "      url: \(url)"]
            + http.map { "      \($0)" } + options.map { "    \($0)" }
            + ["routes:", "  - { name: all, on: \"*\", run: main, with: { agent: tea } }"]
        let yaml = settings.yaml + lines.joined(separator: "\n") + "\n"
        try await Site.with(settings) { site in
            try site.write("b3arer-t0ken\n", to: "agent.token", mode: 0o600)
            try site.write("s1gning-k3y-of-this-test\n", to: "sign.key", mode: 0o600)
            try site.write(yaml, to: "samovar.yaml")
            defer { listener.stop() }
            try await body(site, site.startIngress())
        }
    }

    private func attempts(_ site: Site) throws -> [String] {
        try site.reader.texts(
            "SELECT coalesce(outcome, 'running') || ' ' || coalesce(http_status, '-') "
                + "FROM attempt ORDER BY id"
        )
    }

    // MARK: Requests

    @Test
    func `a delivery becomes a signed request with the envelope`() async throws {
        let listener = HTTPListener { _ in .status(202, body: #"{"runId":"r1"}"#) }
        listener.listen()
        let http = ["bearer_file: agent.token", "signing_secret_file: sign.key"]
        try await withSite(listener, http: http) { site, ingress in
            try site.startWorker()
            let request = Request()
            try ingress.accept(request)
            try site.awaitState("done", ofJobOf: 1)
            let sent = try #require(listener.requests.first)
            #expect(listener.requests.count == 1)
            #expect(sent.line == "POST /hooks/agent?key=in-the-query HTTP/1.1")
            let store = try #require(try site.reader.text("SELECT uuid FROM store"))
            let expected = [
                "authorization": "Bearer b3arer-t0ken", "content-type": "application/json",
                "idempotency-key": "\(store)-1", "x-samovar-event": "push",
                "x-samovar-job": "1", "x-samovar-attempt": "1", "x-samovar-token": "1.1",
                "x-samovar-delivery": request.id ?? "",
            ]
            for (name, value) in expected { #expect(sent.headers[name] == value, "\(name)") }
            let key = SigningKey(id: "k", key: Array("s1gning-k3y-of-this-test".utf8))
            #expect(
                sent.headers["x-samovar-signature-256"]
                    == "sha256=" + key.signature(of: sent.body)
            )
            let envelope = try JSONSerialization.jsonObject(with: sent.body) as? NSDictionary
            let payload = try JSONSerialization.jsonObject(with: request.body) as? NSDictionary
            #expect(envelope?["payload"] as? NSDictionary == payload)
            #expect(try attempts(site) == ["done 202"])
            #expect(
                try site.reader.text("SELECT CAST(output AS TEXT) FROM attempt_output")
                    == #"{"runId":"r1"}"#
            )
        }
    }

    @Test
    func `a request that is on its way outlives the configuration that sent it`() async throws {
        let mayAnswer = DispatchSemaphore(value: 0)
        let listener = HTTPListener { request in
            if request.line.contains("in-the-query") { mayAnswer.wait() }
            return .status(200)
        }
        listener.listen()
        try await withSite(listener) { site, ingress in
            defer { mayAnswer.signal() }
            let worker = try site.startWorker()
            try ingress.accept(Request())
            try waitUntil("the request") { listener.requests.count == 1 }
            let old = try String(contentsOfFile: site.configuration, encoding: .utf8)
            for number in 1...3 {
                let before = worker.output.components(separatedBy: "configuration reloaded").count
                try site.write(
                    old.replacing("in-the-query", with: "new-\(number)"),
                    to: "samovar.yaml"
                )
                worker.signal(SIGHUP)
                try waitUntil("another reload") {
                    worker.output.components(separatedBy: "configuration reloaded").count > before
                }
            }
            try ingress.accept(Request())
            try site.awaitState("done", ofJobOf: 2)
            #expect(listener.requests.last?.line == "POST /hooks/agent?key=new-3 HTTP/1.1")
            mayAnswer.signal()
            try site.awaitState("done", ofJobOf: 1)
            #expect(try attempts(site) == ["done 200", "done 200"])
            worker.signal(SIGTERM)
            #expect(try worker.awaitExit() == .code(0))
        }
    }

    @Test
    func `a template makes the body that a receiver wants`() async throws {
        let listener = HTTPListener { _ in .status(200) }
        listener.listen()
        let http = ["template_file: agent.json"]
        try await withSite(listener, http: http) { site, ingress in
            try site.write(
                #"""
                {"message": "{{payload.sender.login}} pushed \"{{payload.ref}}\"",
                 "name": "Samovar", "agentId": {{{json(with.agent)}}}, "deliver": false,
                 "repository": {{{json(payload.repository)}}}}
                """#,
                to: "agent.json"
            )
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitState("done", ofJobOf: 1)
            let sent = try #require(listener.requests.first)
            #expect(
                String(decoding: sent.body, as: UTF8.self) == #"""
                    {"message": "anna pushed \"refs/heads/main\"",
                     "name": "Samovar", "agentId": "tea", "deliver": false,
                     "repository": {"id":17,"full_name":"tea/kettle-17","default_branch":"main"}}
                    """#
            )
        }
    }

    @Test
    func `every attempt has the same key and a token of its own`() async throws {
        let listener = HTTPListener { request in
            .status(request.headers["x-samovar-attempt"] == "3" ? 200 : 503)
        }
        listener.listen()
        try await withSite(listener) { site, ingress in
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitState("done", ofJobOf: 1)
            #expect(try attempts(site) == ["retry 503", "retry 503", "done 200"])
            let requests = listener.requests
            #expect(Set(requests.map { $0.headers["idempotency-key"] }).count == 1)
            #expect(requests.map { $0.headers["x-samovar-token"] } == ["1.1", "1.2", "1.3"])
            // Statuses open no breaker.
            #expect(try site.reader.text("SELECT breakers FROM worker") == "{}")
        }
    }

    @Test
    func `a refusal buries the job with the status as its reason`() async throws {
        let listener = HTTPListener { _ in .status(401, body: "wrong token") }
        listener.listen()
        try await withSite(listener) { site, ingress in
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitState("dead", ofJobOf: 1)
            #expect(try site.reader.text("SELECT reason FROM job") == "HTTP 401")
            #expect(try attempts(site) == ["dead 401"])
        }
    }

    // MARK: Stopping and crashes

    @Test
    func `a worker that stops gives the job back, and the next one sends it again`() async throws {
        let listener = HTTPListener { request in
            request.headers["x-samovar-attempt"] == "1" ? .silence : .status(200)
        }
        listener.listen()
        try await withSite(listener, worker: ["shutdown_grace: 0s"]) { site, ingress in
            let worker = try site.startWorker()
            try ingress.accept(Request())
            try waitUntil("the request") { listener.requests.count == 1 }
            worker.signal(SIGTERM)
            #expect(try worker.awaitExit() == .code(0))
            #expect(try attempts(site) == ["released -"])
            #expect(try site.reader.number("SELECT failures FROM job") == 0)
            try site.startWorker()
            try site.awaitState("done", ofJobOf: 1)
            #expect(Set(listener.requests.map { $0.headers["idempotency-key"] }).count == 1)
        }
    }

    @Test
    func `a worker that is killed leaves a job that is sent again`() async throws {
        let listener = HTTPListener { request in
            request.headers["x-samovar-attempt"] == "1" ? .silence : .status(200)
        }
        listener.listen()
        try await withSite(listener) { site, ingress in
            let worker = try site.startWorker()
            try ingress.accept(Request())
            try waitUntil("the request") { listener.requests.count == 1 }
            worker.killNow()
            try site.startWorker()
            try site.awaitState("done", ofJobOf: 1)
            #expect(try attempts(site) == ["lost -", "done 200"])
            #expect(listener.requests.map { $0.headers["x-samovar-token"] } == ["1.1", "1.2"])
            #expect(Set(listener.requests.map { $0.headers["idempotency-key"] }).count == 1)
        }
    }

    @Test
    func `a handler that does not answer is given up`() async throws {
        let listener = HTTPListener { _ in .silence }
        listener.listen()
        let options = ["timeout: 200ms", "retry: { attempts: 2, base: 10ms }"]
        try await withSite(listener, options: options) { site, ingress in
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitState("dead", ofJobOf: 1)
            #expect(
                try site.reader.text("SELECT reason FROM job")
                    == "retries exhausted: timed out after 200 ms"
            )
        }
    }

    // MARK: Memory

    /// What /proc/PID/status says of memory, in bytes.
    private func memory(_ field: String, of program: RunningProgram) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(program.pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(field) })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first) << 10
    }

    @Test
    func `eight large bodies are held once, and their memory is given back`() async throws {
        let listener = HTTPListener { _ in .silence }
        listener.listen()
        let options = ["concurrency: 8", "timeout: 30m"]
        try await withSite(listener, options: options) { site, ingress in
            let worker = try site.startWorker()
            let before = try memory("VmRSS:", of: worker)
            let bytes = 16 << 20
            let padding = String(repeating: "0123456789abcdef", count: bytes / 16)
            for _ in 1...8 {
                let body = Data(#"{"x":"\#(padding)","#.utf8) + Request.push().dropFirst()
                try ingress.accept(Request(body: body))
            }
            try waitUntil("all requests to be there") { listener.requests.count == 8 }
            // Each once, and some on their way out of the store or into an envelope.
            let most = try memory("VmHWM:", of: worker) - before
            #expect(most < 14 * bytes, "\(most >> 20) MiB")
            let jobs = try site.reader.texts("SELECT id FROM job ORDER BY id")
            let cancel = try site.start(
                Binaries.samovar,
                arguments: ["jobs", "cancel"] + jobs
            )
            #expect(try cancel.awaitExit() == .code(0))
            try site.awaitQuiet()
            try waitUntil("the memory to be given back") {
                try memory("VmRSS:", of: worker) - before < 4 * bytes
            }
        }
    }

    // MARK: Breaker

    @Test
    func `while nobody listens the breaker is open, and closes when somebody does`() async throws {
        let listener = HTTPListener { _ in .status(200) }
        try await withSite(listener) { site, ingress in
            let worker = try site.startWorker()
            try ingress.accept(Request())
            try waitUntil("the breaker to be shown") {
                try site.reader.text("SELECT breakers ->> '$.main.state' FROM worker") == "open"
            }
            let error = try site.reader.text("SELECT breakers ->> '$.main.error' FROM worker")
            #expect(error == "connection refused: 127.0.0.1:\(listener.port)")
            // The job is due after 10 ms, and is not claimed: later ones wait as well.
            // The breaker opens before the fifth end is recorded.
            try waitUntil("five attempts to end") {
                try attempts(site).prefix(5) == Array(repeating: "snooze -", count: 5)[...]
            }
            try ingress.accept(Request())
            listener.listen()
            try site.awaitQuiet()
            let outcomes = try attempts(site)
            #expect(outcomes.suffix(2) == ["done 200", "done 200"])
            // Probes after 5, 15 and 35 s may come before the listener where all is slow; without
            // the breaker there would be a hundred attempts in the first second.
            #expect(outcomes.count <= 10, "\(outcomes)")
            try waitUntil("the breaker to be closed") {
                try site.reader.text("SELECT breakers FROM worker") == "{}"
            }
            try worker.awaitLine("a handler can be reached again")
            let opened = worker.output.split(separator: "\n").filter {
                $0.contains("a handler cannot be reached")
            }
            #expect(opened.count == 1)
            for secret in ["in-the-query", "b3arer", "s1gning"] {
                #expect(!worker.output.contains(secret))
            }
        }
    }

    @Test
    func `an outage costs no failures, and an operator ends the wait`() async throws {
        let listener = HTTPListener { _ in .status(200) }
        let options = ["retry: { attempts: 2, base: 10ms, cap: 10ms }"]
        try await withSite(listener, options: options) { site, ingress in
            let worker = try site.startWorker()
            try ingress.accept(Request())
            // Far more attempts than the budget has.
            try waitUntil("the breaker to be shown") {
                try site.reader.text("SELECT breakers ->> '$.main.state' FROM worker") == "open"
            }
            let list = try site.start(
                "breakers",
                arguments: ["list", "--json"],
                under: [Binaries.samovar]
            )
            #expect(try list.awaitExit() == .code(0))
            #expect(list.output.contains("connection refused: 127.0.0.1:\(listener.port)"))
            let close = try site.start(
                "breakers",
                arguments: ["close", "main"],
                under: [Binaries.samovar]
            )
            #expect(try close.awaitExit() == .code(0))
            try worker.awaitLine("an operator closed a breaker")
            listener.listen()
            try site.awaitState("done", ofJobOf: 1)
            #expect(try site.reader.number("SELECT failures FROM job") == 0)
        }
    }

    // MARK: Configuration

    @Test
    func `check shows the handler and none of its secrets`() async throws {
        let listener = HTTPListener { _ in .silence }
        let http = [
            "bearer_file: agent.token", "signing_secret_file: sign.key",
            "headers: { X-Key: h3ader-value }",
        ]
        try await withSite(listener, http: http) { site, _ in
            for arguments in [[], ["--json"]] {
                let check = try site.start("check", arguments: arguments, under: [Binaries.samovar])
                #expect(try check.awaitExit() == .code(0))
                #expect(check.output.contains("http://127.0.0.1:\(listener.port)/hooks/agent?…"))
                for secret in ["in-the-query", "b3arer", "s1gning", "h3ader"] {
                    #expect(!check.output.contains(secret))
                }
            }
        }
    }

    @Test
    func `a handler's file that cannot be used stops the worker and not the ingress`() async throws
    {
        let listener = HTTPListener { _ in .silence }
        try await withSite(listener, http: ["template_file: missing"]) { site, ingress in
            try ingress.accept(Request())
            let worker = try site.start(Binaries.worker)
            #expect(try worker.awaitExit() == .code(78))
            #expect(worker.output.contains("/missing does not exist"))
        }
    }
}
