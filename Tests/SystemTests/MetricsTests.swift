import Foundation
import Gitea
import Spawn
import TestSupport
import Testing

/// What the health ports of both programs show, and what is built on it.
@Suite
struct MetricsTests {
    private static let handlers = [
        SiteSettings.Handler(name: "good", command: ["/usr/bin/true"], events: "push"),
        SiteSettings.Handler(
            name: "bad",
            command: ["/usr/bin/false"],
            options: ["retry: { attempts: 1 }"],
            events: "push"
        ),
    ]

    private func metrics(_ ingress: RunningIngress) throws -> ParsedExposition {
        try parsed(ingress.health("/metrics"))
    }

    private func parsed(_ reply: HTTPReply) throws -> ParsedExposition {
        #expect(reply.status == 200)
        #expect(reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        return try ParsedExposition(reply.text)
    }

    private func healthPort(of worker: RunningProgram) throws -> UInt16 {
        let line = try worker.awaitLine("metrics and health address=127.0.0.1:")
        let port = try #require(line.split(separator: "127.0.0.1:").last)
        return try #require(UInt16(port))
    }

    private func ask(_ worker: RunningProgram, _ path: String) throws -> HTTPReply {
        let connection = try HTTPConnection(port: healthPort(of: worker))
        try connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return try connection.reply()
    }

    // MARK: Ingress

    @Test
    func `the ingress counts each answer under its name`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let request = Request()
            try ingress.accept(request)
            _ = try ingress.send(request)
            let id = try #require(request.id)
            _ = try ingress.send(Request(id: id))
            _ = try ingress.send(Request().with { $0.target = "/elsewhere" })
            _ = try ingress.send(Request().with { $0.method = "PUT" })
            _ = try ingress.send(Request().with { $0.set("Content-Type", "text/plain") })
            _ = try ingress.send(Request().with { $0.removeAll("Delivery") })
            for _ in 0..<2 {
                _ = try ingress.send(Request(key: .init(id: "x", key: Array("wrong".utf8))))
            }
            let found = try metrics(ingress)
            let expected = [
                "accepted": 1, "duplicate": 1, "conflict": 1, "not_found": 1,
                "method_not_allowed": 1, "unsupported_content_type": 1, "bad_request": 1,
                "unauthorized": 2,
            ]
            let family = try #require(found.families["samovar_requests_total"])
            for sample in family.samples {
                let answer = try #require(sample.labels["answer"])
                #expect(sample.value == Double(expected[answer] ?? 0), "\(answer)")
            }
            #expect(family.samples.count == 16)
            #expect(found.value("samovar_commit_deliveries_sum") == 3)
            #expect(try #require(found.value("samovar_commit_seconds_count")) >= 3)
            #expect(try #require(found.value("samovar_turn_wait_seconds_count")) >= 3)
            let syncs = "samovar_fsync_seconds_count"
            #expect(try #require(found.value(syncs, ["file": "log"])) >= 3)
            #expect(try #require(found.value(syncs, ["file": "database"])) >= 0)
            #expect(found.value(syncs, ["file": "spool"]) == 0)
            #expect(found.value("samovar_waiting_deliveries") == 0)
            #expect(found.value("samovar_body_memory_bytes") == 0)
            #expect(found.value("samovar_unrouted_deliveries") == 1)
            #expect(try #require(found.value("samovar_oldest_delivery_age_seconds")) >= 0)
            #expect(try #require(found.value("samovar_wal_bytes")) > 0)
            #expect(try #require(found.value("samovar_store_bytes")) > 0)
            #expect(try #require(found.value("samovar_disk_free_bytes")) > 0)
            let secret = ["source": "default", "secret": "test"]
            let used = try #require(
                found.value("samovar_secret_last_used_timestamp_seconds", secret)
            )
            #expect(abs(used - Date().timeIntervalSince1970) < 600)
        }
    }

    @Test
    func `metrics are there while the store is locked, and say that deliveries are refused`()
        async throws
    {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            #expect(try ingress.send(Request()).status == 503)
            let found = try metrics(ingress)
            #expect(found.value("samovar_requests_total", ["answer": "unavailable"]) == 1)
            #expect(try #require(found.value("samovar_write_failures_total")) >= 1)
            try stranger.unlock()
        }
    }

    @Test
    func `what goes to the spool and comes back is counted`() async throws {
        try await Site.with(SiteSettings(ingress: ["spool: spool"])) { site in
            let ingress = try site.startIngress()
            try ingress.keep(Request())
            let before = try metrics(ingress)
            #expect(before.value("samovar_spool_in_use") == 0)
            // The first one, too, on a machine whose disk takes a second.
            let early = try #require(before.value("samovar_spooled_total"))
            let accepted = before.value("samovar_requests_total", ["answer": "accepted"])
            #expect(accepted == 1 - early)
            let stranger = try Stranger(site.store)
            try stranger.lock()
            for _ in 0..<3 { #expect(try ingress.send(Request()).status == 202) }
            let away = try metrics(ingress)
            #expect(away.value("samovar_requests_total", ["answer": "accepted"]) == accepted)
            #expect(away.value("samovar_requests_total", ["answer": "spooled"]) == 3 + early)
            #expect(away.value("samovar_spool_in_use") == 1)
            #expect(away.value("samovar_spool_deliveries") == 3)
            #expect(try #require(away.value("samovar_spool_bytes")) > 0)
            #expect(away.value("samovar_spool_broken") == 0)
            #expect(away.value("samovar_spooled_total") == 3 + early)
            #expect(away.value("samovar_spool_imported_total") == early)
            let synced = away.value("samovar_fsync_seconds_count", ["file": "spool"])
            #expect(try #require(synced) >= 1)
            try stranger.unlock()
            try waitUntil("the spool to be imported") {
                try metrics(ingress).value("samovar_spool_in_use") == 0
            }
            let back = try metrics(ingress)
            #expect(back.value("samovar_spool_deliveries") == 0)
            #expect(back.value("samovar_spool_imported_total") == 3 + early)
            #expect(try site.deliveries == 4)
        }
    }

    @Test
    func `the health port takes a crowd, and only asks after what it has`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            #expect(try ingress.health("/metrics?x=1").status == 200)
            #expect(try ingress.health("/nothing").status == 404)
            let connection = try HTTPConnection(port: ingress.healthPort)
            try connection.send("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            #expect(try connection.reply().status == 405)
            let asking = try HTTPConnection(port: ingress.healthPort)
            try asking.send("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            let head = String(decoding: try asking.awaitEnd(), as: UTF8.self)
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.hasSuffix("\r\n\r\n"))
            // More than it has room for, and silent: those beyond are closed, and when the silent
            // ones are gone, it answers again.
            let crowd = try (0..<100).map { _ in try HTTPConnection(port: ingress.healthPort) }
            try waitFor("the health port to answer again") {
                try? ingress.health("/healthz").status == 200 ? true : nil
            }
            withExtendedLifetime(crowd) {}
            try ingress.accept(Request())
        }
    }

    // MARK: Worker

    @Test
    func `the worker counts verdicts, claims, attempts and what is left`() async throws {
        try await Site.with(SiteSettings(handlers: Self.handlers)) { site in
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            for _ in 0..<3 { try ingress.accept(Request()) }
            try ingress.accept(Request(event: "fork"))
            try site.awaitQuiet()
            try waitFor("the queue's figures to be read again") {
                try parsed(ask(worker, "/metrics")).value("samovar_jobs", ["state": "dead"]) == 3
                    ? true : nil
            }
            let found = try parsed(ask(worker, "/metrics"))
            #expect(found.value("samovar_verdicts_total", ["verdict": "routed"]) == 3)
            #expect(found.value("samovar_claims_total", ["handler": "good"]) == 3)
            let done = ["handler": "good", "outcome": "done"]
            #expect(found.value("samovar_attempts_total", done) == 3)
            let dead = ["handler": "bad", "outcome": "dead"]
            let retried = ["handler": "bad", "outcome": "retry"]
            let failed = try #require(found.value("samovar_attempts_total", dead))
            #expect(try failed + #require(found.value("samovar_attempts_total", retried)) == 3)
            #expect(found.value("samovar_attempt_seconds_count", ["handler": "good"]) == 3)
            #expect(found.value("samovar_jobs", ["state": "ready"]) == 0)
            #expect(found.value("samovar_jobs", ["state": "blocked"]) == 0)
            #expect(found.value("samovar_slots") == 8)
            #expect(found.value("samovar_leases_lost_total") == 0)
            #expect(try #require(found.value("samovar_wakeups_total", ["by": "doorbell"])) >= 1)
            #expect(try ask(worker, "/healthz").status == 200)
            #expect(try ask(worker, "/readyz").status == 200)
        }
    }

    @Test
    func `an attempt that a stopped worker loses is counted by who takes it, and by its loser`()
        async throws
    {
        let handler = SiteSettings.Handler(
            name: "slow",
            command: ["slow"],
            options: ["retry: { base: 10ms }"]
        )
        var settings = SiteSettings(handlers: [handler])
        settings.worker = ["slots: 2", "lease: 5s"]
        try await Site.with(settings) { site in
            try site.script(
                "slow",
                "echo $SAMOVAR_TOKEN >> begun; [ $SAMOVAR_ATTEMPT = 2 ] || sleep 600"
            )
            let ingress = try site.startIngress()
            let loser = try site.startWorker()
            try ingress.accept(Request())
            try waitUntil("the first attempt to begin") { site.lines("begun") == ["1.1"] }
            try Self.stopBetweenWrites(loser, of: site)
            let taker = try site.startWorker()
            try waitUntil("the second attempt to begin") { site.lines("begun").contains("1.2") }
            let taken = try parsed(ask(taker, "/metrics"))
            #expect(taken.value("samovar_attempts_lost_total") == 1)
            #expect(taken.value("samovar_leases_lost_total") == 0)
            loser.signal(SIGCONT)
            try waitUntil("the loser to know") {
                let found = try parsed(ask(loser, "/metrics"))
                return try #require(found.value("samovar_leases_lost_total")) >= 1
            }
            try site.awaitQuiet()
        }
    }

    /// Stops a program where it has neither the turn to write nor the place of the next in line:
    /// whoever is stopped there holds up all others.
    static func stopBetweenWrites(_ program: RunningProgram, of site: Site) throws {
        try waitUntil("the program to be stopped between two writes") {
            program.signal(SIGSTOP)
            try waitUntil("all its threads to stand still") {
                let folder = "/proc/\(program.pid)/task"
                let files = FileManager.default
                return try files.contentsOfDirectory(atPath: folder).allSatisfy { thread in
                    // One that has just ended is not there at the next look.
                    let stat = files.contents(atPath: "\(folder)/\(thread)/stat") ?? Data()
                    // The state follows the name, which is in parentheses.
                    let fields = String(decoding: stat, as: UTF8.self).split(separator: ") ").last
                    return fields?.first == "T"
                }
            }
            if try isTurnFree(of: site) { return true }
            program.signal(SIGCONT)
            return false
        }
    }

    private static func isTurnFree(of site: Site) throws -> Bool {
        let descriptor = unsafe open(site.store + ".turn", O_RDWR | O_CLOEXEC)
        try #require(descriptor >= 0)
        // Gives back what was taken.
        defer { close(descriptor) }
        var place = Glibc.flock()
        place.l_type = Int16(F_WRLCK)
        place.l_whence = Int16(SEEK_SET)
        place.l_len = 1
        return unsafe fcntl(descriptor, Self.setLock, &place) == 0
            && flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    /// F_OFD_SETLK, which the C library shows only to GNU sources: fcntl_locking(2).
    private static let setLock: Int32 = 37

    @Test
    func `a worker whose store is locked is not ready, and is again afterwards`() async throws {
        try await Site.with(SiteSettings(handlers: Self.handlers)) { site in
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            try waitFor("the worker to be ready") {
                try ask(worker, "/readyz").status == 200 ? true : nil
            }
            let stranger = try Stranger(site.store)
            try stranger.lock()
            try waitFor("the worker to say what is wrong") {
                try ask(worker, "/readyz").text.contains("is locked by another program")
                    ? true : nil
            }
            try stranger.unlock()
            try waitFor("the worker to be ready again") {
                try ask(worker, "/readyz").status == 200 ? true : nil
            }
            try ingress.accept(Request())
            try site.awaitQuiet()
        }
    }

    @Test
    func `a worker whose health port is taken warns and works`() async throws {
        try await Site.with(SiteSettings(handlers: Self.handlers)) { site in
            let ingress = try site.startIngress()
            var settings = SiteSettings(handlers: Self.handlers)
            settings.worker = ["slots: 8", "health: 127.0.0.1:\(ingress.healthPort)"]
            try site.write(settings)
            let worker = try site.startWorker()
            try worker.awaitLine("no health port")
            #expect(worker.output.contains("Address already in use"))
            try ingress.accept(Request())
            try site.awaitQuiet()
        }
    }

    @Test
    func `health none opens no port, and an open one needs --allow-public`() async throws {
        try await Site.with { site in
            var settings = SiteSettings()
            settings.worker = ["health: 0.0.0.0:0"]
            try site.write(settings)
            let refused = try site.start(Binaries.worker)
            #expect(try refused.awaitExit() == .code(78))
            #expect(refused.output.contains("--allow-public"))
            let allowed = try site.start(Binaries.worker, arguments: ["--allow-public"])
            try allowed.awaitLine("metrics and health address=0.0.0.0:")
            allowed.signal(SIGTERM)
            try allowed.awaitExit()

            settings.worker = ["health: none"]
            try site.write(settings)
            let silent = try site.startWorker()
            silent.signal(SIGTERM)
            #expect(try silent.awaitExit() == .code(0))
            #expect(!silent.output.contains("health"))
        }
    }

    // MARK: What is built on it

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func file(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// What both programs show now.
    private func both(_ site: Site) throws -> (ingress: ParsedExposition, worker: ParsedExposition)
    {
        let ingress = try site.startIngress()
        let worker = try site.startWorker()
        return try (metrics(ingress), parsed(ask(worker, "/metrics")))
    }

    @Test
    func `docs/METRICS.md lists the metrics of both programs, and no others`() async throws {
        try await Site.with(SiteSettings(handlers: Self.handlers)) { site in
            let shown = try both(site)
            var expected: Set<String> = []
            for name in Set(shown.ingress.names + shown.worker.names) {
                let found = shown.ingress.families[name] ?? shown.worker.families[name]
                let family = try #require(found)
                let place =
                    shown.ingress.families[name] == nil
                    ? "worker" : shown.worker.families[name] == nil ? "ingress" : "both"
                expected.insert("\(name) \(family.type) \(place)")
            }
            let rows = try Self.file("docs/METRICS.md").split(separator: "\n")
                .compactMap { line -> String? in
                    let row = /\| `((?:samovar|process)_\w+)` \| (\w+) \| (\w+) \| .*/
                    return line.wholeMatch(of: row).map { "\($0.1) \($0.2) \($0.3)" }
                }
            #expect(Set(rows) == expected)
            #expect(rows.count == expected.count)
        }
    }

    @Test
    func `dashboard and alerts use only metrics and labels that exist`() async throws {
        try await Site.with(SiteSettings(handlers: Self.handlers)) { site in
            let shown = try both(site)
            let names = shown.ingress.sampleNames.union(shown.worker.sampleNames)
            let expressions = try Self.dashboardExpressions() + Self.alertExpressions()
            for expression in expressions {
                // Prometheus's own, and what stands in quotes, is left out.
                let bare = expression.replacing(/"[^"]*"/, with: "")
                let used = bare.matches(of: /\b(samovar|process)_\w+/).map { String($0.output.0) }
                for name in used { #expect(names.contains(name), "\(name) in \(expression)") }
                #expect(!used.isEmpty || bare.contains("up{"), "\(expression)")
            }
            // Labels that are asked for, and their values: `name{label=~"value|value"}`.
            let samples = [shown.ingress, shown.worker].flatMap(\.families.values)
                .flatMap(\.samples)
            var count = 0
            for expression in expressions {
                for selector in expression.matches(of: /(samovar_\w+)\{([^}]*)\}/) {
                    let own = samples.filter { $0.name == selector.output.1 }
                    for matcher in selector.output.2.matches(of: /(\w+)[=!]~?"([^"]*)"/) {
                        let (label, text) = (String(matcher.output.1), matcher.output.2)
                        // Prometheus's own labels; the dashboard's variables.
                        if ["job", "instance"].contains(label) || text.contains("$") { continue }
                        let values = Set(own.compactMap { $0.labels[label] })
                        for value in text.split(separator: "|") {
                            #expect(values.contains(String(value)), "\(label) in \(expression)")
                            count += 1
                        }
                    }
                }
            }
            #expect(count > 5)
        }
    }

    private static func dashboardExpressions() throws -> [String] {
        let text = try file("deploy/grafana/samovar.json")
        let json = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let dashboard = try #require(json as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let targets = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }
        #expect(targets.count > 20)
        return targets.compactMap { $0["expr"] as? String }
    }

    private static func alertExpressions() throws -> [String] {
        let text = try file("deploy/prometheus/alerts.yml")
        // One expression: from `expr:` to the next key.
        let expressions = text.matches(of: /expr:((?s).*?)\n        (?:for|labels):/)
            .map { String($0.output.1) }
        #expect(expressions.count == text.matches(of: /- alert:/).count)
        return expressions
    }

    @Test
    func `every alert is explained, and the other way round`() throws {
        let alerts = try Self.file("deploy/prometheus/alerts.yml")
            .matches(of: /- alert: (\w+)/).map { String($0.output.1) }
        let rows = try Self.file("docs/METRICS.md")
            .matches(of: /\n\| `(Samovar\w+)` \|/).map { String($0.output.1) }
        #expect(alerts == rows)
    }

    // MARK: promtool

    /// Prometheus's own checker, from the PATH or as deploy/system-packages has put it aside.
    private func promtool(_ arguments: [String], in folder: String, input: String? = nil) throws {
        let local = Self.root.appendingPathComponent(".build/tools/promtool").path
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            .map { "\($0)/promtool" }
        let tool = try #require(
            (path + [local]).first { FileManager.default.isExecutableFile(atPath: $0) },
            "promtool is missing: run deploy/system-packages test"
        )
        let words = [tool] + arguments
        let command = input.map { ["/bin/sh", "-c", "exec \"$@\" < \"$0\"", $0] + words } ?? words
        let program = try RunningProgram(command, environment: [:], folder: folder)
        defer { program.killNow() }
        #expect(try program.awaitExit() == .code(0), "\(program.output)")
    }

    @Test
    func `promtool finds nothing wrong with what both programs show`() async throws {
        try await Site.with(SiteSettings(handlers: Self.handlers)) { site in
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            try ingress.accept(Request())
            try site.awaitQuiet()
            for reply in try [ingress.health("/metrics"), ask(worker, "/metrics")] {
                try site.write(reply.text, to: "metrics.txt")
                try promtool(
                    ["check", "metrics"],
                    in: site.folder,
                    input: site.path("metrics.txt")
                )
            }
        }
    }

    @Test
    func `promtool accepts the configuration, and each alert fires when it should`() async throws {
        try await withTaskExecutorPreference(BlockingThreads.shared) {
            let folder = Self.root.appendingPathComponent("deploy/prometheus").path
            try promtool(["check", "config", "prometheus.yml"], in: folder)
            try promtool(["test", "rules", "alerts.test.yml"], in: folder)
        }
    }
}
