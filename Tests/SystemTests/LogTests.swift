import Foundation
import Spawn
import TestSupport
import Testing

/// What the programs say on standard error, and that nobody waits for it.
@Suite
struct LogTests {
    private static let handler = SiteSettings.Handler(
        name: "note",
        command: ["/usr/bin/true"],
        events: "push"
    )

    private func objects(_ output: String) throws -> [[String: String]] {
        try output.split(separator: "\n").map { line in
            let json = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(json as? [String: String], "not flat: \(line)")
        }
    }

    @Test
    func `each kind of refusal is logged with the address that was seen`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let refused: [(answer: String, request: Request)] = [
                ("unauthorized", Request().with { $0.body[0] ^= 1 }),
                ("not_found", Request().with { $0.target = "/elsewhere" }),
                ("method_not_allowed", Request().with { $0.method = "PUT" }),
                ("bad_request", Request().with { $0.removeAll("Delivery") }),
            ]
            for (answer, request) in refused {
                _ = try ingress.send(request)
                let line = try ingress.program.awaitLine("answer=\(answer)")
                #expect(line.contains("remote=127.0.0.1"))
            }
            // A prober is told apart, and does not fill the log.
            for _ in 1...20 { _ = try ingress.send(Request().with { $0.target = "/probe" }) }
            ingress.program.signal(SIGTERM)
            #expect(try ingress.program.awaitExit() == .code(0))
            let lines = ingress.program.output.split(separator: "\n")
                .filter { $0.contains("answer=not_found") }
            #expect((1...6).contains(lines.count))
        }
    }

    @Test
    func `the line of a refusal says which hook it was and which check failed`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let signature = "X-Gitea-Signature"
            let refused: [(request: Request, words: [String])] = [
                (
                    Request().with {
                        $0.removeAll("Signature"); $0.removeAll("Signature-256")
                    }, ["no signature header"]
                ),
                (
                    Request().with {
                        $0.removeAll("Signature"); $0.removeAll("Signature-256")
                        $0.set(signature, "")
                    }, ["the header \(signature) is empty"]
                ),
                (
                    Request().with { $0.set(signature, "zz") },
                    ["the header \(signature) is not 64 hexadecimal digits"]
                ),
            ]
            for (request, words) in refused {
                let reply = try ingress.send(request)
                #expect(reply.status == 401)
                // A forger is told nothing of it.
                #expect(reply.text.contains("\"signature missing or wrong\""))
                let line = try ingress.program.awaitLine("delivery.id=\(request.id ?? "")")
                let all =
                    words + [
                        "source=default", "path=/hooks/gitea ", "event.type=push",
                        "remote=127.0.0.1",
                    ]
                for word in all { #expect((line + " ").contains(word), "\(line)") }
            }
            _ = try ingress.send(Request().with { $0.target = "/elsewhere?token=x" })
            let line = try ingress.program.awaitLine("answer=not_found")
            #expect((line + " ").contains("path=/elsewhere "))
            _ = try ingress.send(Request().with { $0.set("Content-Type", "text/plain") })
            try ingress.program.awaitLine("content.type=text/plain")
            _ = try ingress.send(Request().with { $0.method = "GET" })
            try ingress.program.awaitLine("method=GET")
        }
    }

    @Test
    func `a signature of other bytes is called wrong, and TLS on the plain port TLS`() async throws
    {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let request = Request().with { $0.body[0] ^= 1 }
            #expect(try ingress.send(request).status == 401)
            let line = try ingress.program.awaitLine("delivery.id=\(request.id ?? "")")
            #expect(line.contains("the signature is wrong"))
            let form = Request(body: Data("other=1".utf8)).with {
                $0.set("Content-Type", "application/x-www-form-urlencoded")
            }
            #expect(try ingress.send(form).status == 401)
            try ingress.program.awaitLine("the form does not have the field payload once")
            let encrypted = try ingress.connect()
            // The first bytes of a handshake, without any line break.
            try encrypted.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03])
            #expect(try encrypted.reply().status == 400)
            try ingress.program.awaitLine("TLS on a port that speaks plain HTTP")
        }
    }

    @Test
    func `with json every line is one flat object, and one delivery's id tells its story`()
        async throws
    {
        var settings = SiteSettings(handlers: [Self.handler])
        settings.log = "{ format: json }"
        try await Site.with(settings) { site in
            let ingress = try site.start(Binaries.ingress)
            let line = try ingress.awaitLine("\"message\":\"listening\"")
            let listening = try #require(objects(String(line)).first)
            let port = try #require(listening["address"]?.split(separator: ":").last)
            let connection = try HTTPConnection(port: try #require(UInt16(port)))
            let request = Request()
            let id = try #require(request.id)
            try connection.send(request.bytes)
            #expect(try connection.reply().status == 202)
            // A header that looks like a line of the log.
            let forged = Request(id: "x\"}{\"level\":\"error").with { $0.removeAll("Signature") }
            try connection.send(forged.bytes)
            _ = try connection.reply()
            let worker = try site.start(Binaries.worker)
            try worker.awaitLine("\"message\":\"working\"")
            try site.awaitQuiet()
            try worker.awaitLine("\"message\":\"job done\"")
            for program in [ingress, worker] {
                program.signal(SIGTERM)
                try program.awaitExit()
            }
            for (program, name) in [(ingress, "ingress"), (worker, "worker")] {
                for object in try objects(program.output) {
                    #expect(object["program"] == name)
                    let time = try #require(object["time"])
                    #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil)
                    let levels = ["debug", "info", "notice", "warning", "error", "critical"]
                    #expect(levels.contains(object["level"] ?? ""))
                }
            }
            let story = try (objects(ingress.output) + objects(worker.output))
                .filter { $0["delivery.id"] == id }
            #expect(
                story.compactMap { $0["message"] }
                    == ["delivery accepted", "delivery routed", "attempt starts", "job done"]
            )
            let attempt = try #require(story.last)
            #expect(attempt["attempt"] == "1")
            #expect(attempt["route"] == "note")
            #expect(attempt["handler"] == "note")
            #expect(attempt["outcome"] == "done")
            #expect(attempt["job.id"] != nil)
        }
    }

    @Test
    func `the story of a delivery has no gap where a worker died`() async throws {
        let slow = SiteSettings.Handler(name: "slow", command: ["slow"], events: "push")
        var settings = SiteSettings(handlers: [slow])
        settings.log = "{ format: json }"
        try await Site.with(settings) { site in
            try site.script(
                "slow",
                "echo $SAMOVAR_TOKEN >> begun; [ $SAMOVAR_ATTEMPT = 2 ] || exec sleep 600"
            )
            let ingress = try site.start(Binaries.ingress)
            let line = try ingress.awaitLine("\"message\":\"listening\"")
            let listening = try #require(objects(String(line)).first)
            let port = try #require(listening["address"]?.split(separator: ":").last)
            let connection = try HTTPConnection(port: try #require(UInt16(port)))
            let request = Request()
            try connection.send(request.bytes)
            #expect(try connection.reply().status == 202)
            let first = try site.start(Binaries.worker)
            try waitUntil("the first attempt to begin") { site.lines("begun") == ["1.1"] }
            first.killNow()
            let second = try site.start(Binaries.worker)
            try second.awaitLine("\"message\":\"job done\"")
            second.signal(SIGTERM)
            try second.awaitExit()
            let id = try #require(request.id)
            let story = try objects(second.output).filter { $0["delivery.id"] == id }
            #expect(
                story.compactMap { $0["message"] } == [
                    "attempt lost", "attempt starts", "job done",
                ]
            )
            for line in story {
                #expect(line["job.id"] == "1")
                #expect(line["route"] == "slow")
                #expect(line["handler"] == "slow")
            }
            #expect(story.compactMap { $0["attempt"] } == ["1", "2", "2"])
        }
    }

    @Test
    func `with json also the reason of a failed start is an object`() async throws {
        var settings = SiteSettings()
        settings.log = "{ format: json }"
        try await Site.with(settings) { site in
            try site.write(String(repeating: "Dear diary, \n", count: 1000), to: "queue.db")
            for binary in [Binaries.ingress, Binaries.worker] {
                let program = try site.start(binary)
                #expect(try program.awaitExit() == .code(69))
                let last = try #require(objects(program.output).last)
                #expect(last["level"] == "critical")
                #expect(last["message"]?.contains("is not a SQLite database") == true)
            }
        }
    }

    @Test
    func `the level of the configuration counts`() async throws {
        var settings = SiteSettings()
        settings.log = "{ level: warning }"
        try await Site.with(settings) { site in
            let worker = try site.start(Binaries.worker)
            try waitFor("the worker to register") {
                try? site.reader.number("SELECT count(*) FROM worker") == 1 ? true : nil
            }
            worker.signal(SIGTERM)
            #expect(try worker.awaitExit() == .code(0))
            #expect(worker.output.isEmpty, "\(worker.output)")
        }
    }

    @Test
    func `under the journal a line is a priority and no time`() async throws {
        try await Site.with { site in
            // As systemd does: the variable names the stream that standard error is.
            let script = """
                export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); exec "$@"
                """
            let worker = try site.start(
                Binaries.worker,
                under: ["/bin/sh", "-c", script, "sh"]
            )
            let line = try worker.awaitLine("working")
            // Its details are sorted by name.
            #expect(line.hasPrefix("<6>working handlers="), "\(line)")
            #expect(line.contains(" worker="), "\(line)")
            // Inherited by somebody whose standard error is another one: ordinary text.
            let other = try site.start(
                Binaries.worker,
                under: ["/usr/bin/env", "JOURNAL_STREAM=1:2"]
            )
            let text = try other.awaitLine("working")
            let isText =
                text.wholeMatch(of: /\d\d:\d\d:\d\d\.\d{3} INFO  worker  working .*/) != nil
            #expect(isText, "\(text)")
        }
    }

    @Test
    func `a reader of the log that stalls keeps nobody waiting`() async throws {
        var settings = SiteSettings()
        settings.log = "{ level: debug }"
        try await Site.with(settings) { site in
            let log = try openPipe(site.path("log"))
            defer { close(log) }
            let ingress = try site.start(
                Binaries.ingress,
                under: ["/bin/sh", "-c", "exec \"$@\" 2>\"$0\"", site.path("log")]
            )
            var text = ""
            while !text.contains("health address=") {
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = unsafe Glibc.read(log, &buffer, buffer.count)
                try #require(count > 0)
                text += String(decoding: buffer[..<count], as: UTF8.self)
            }
            // From here on nobody reads: each delivery is a line, and the pipe holds twenty.
            let port = try #require(text.firstMatch(of: /listening address=127.0.0.1:(\d+)/))
            let connection = try HTTPConnection(port: try #require(UInt16(port.output.1)))
            for _ in 0..<200 {
                try connection.send(Request().bytes)
                try #require(connection.reply().status == 202)
            }
            // Nor does its end wait for a reader.
            ingress.signal(SIGTERM)
            #expect(try ingress.awaitExit() == .code(0))
            #expect(try site.deliveries == 200)
        }
    }

    /// A named pipe as small as they come, open at both ends, so that opening it waits for nobody.
    private func openPipe(_ path: String) throws -> Int32 {
        try #require(unsafe mkfifo(path, 0o600) == 0)
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CLOEXEC)
        try #require(descriptor >= 0)
        // F_SETPIPE_SZ, which the C library shows only to GNU sources: fcntl(2).
        try #require(fcntl(descriptor, 1031, 4096) >= 0)
        return descriptor
    }
}
