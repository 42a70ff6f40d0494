import Foundation
import Spawn
import TestSupport
import Testing

/// Sockets that the service manager holds open.
@Suite
struct ActivationTests {
    @Test
    func `a passed socket counts, and the configured address does not`() async throws {
        // Not to be asked for: the operator wrote the socket unit.
        try await Site.with(SiteSettings(listen: "0.0.0.0:0")) { site in
            let socket = HeldSocket()
            let program = try site.startIngress(passing: [socket], names: nil)
            let line = try program.awaitLine("listening address=127.0.0.1:\(socket.port)")
            #expect(line.contains("ingress.listen does not count"))
            let ingress = try RunningIngress(program)
            #expect(ingress.port == socket.port)
            try ingress.accept(Request())
            program.signal(SIGTERM)
            #expect(try program.awaitExit() == .code(0))
            // Nobody answers, and nobody is refused.
            _ = try ingress.connect()
        }
    }

    @Test
    func `sockets are told apart by their names`() async throws {
        try await Site.with { site in
            let (hooks, health) = (HeldSocket(), HeldSocket())
            let program = try site.startIngress(
                passing: [health, hooks],
                names: "health:hooks"
            )
            let ingress = try RunningIngress(program)
            #expect(ingress.port == hooks.port)
            #expect(ingress.healthPort == health.port)
            try ingress.accept(Request())
            #expect(try ingress.health("/readyz").status == 200)
        }
    }

    @Test
    func `one socket with the name of its unit takes deliveries`() async throws {
        try await Site.with { site in
            let hooks = HeldSocket()
            let ingress = try RunningIngress(
                site.startIngress(passing: [hooks], names: "samovar-ingress.socket")
            )
            #expect(ingress.port == hooks.port)
            try ingress.accept(Request())
        }
    }

    @Test
    func `several sockets for deliveries all take them, other machines' ones too`() async throws {
        try await Site.with { site in
            let (one, other) = (HeldSocket(), HeldSocket(host: "0.0.0.0"))
            let program = try site.startIngress(passing: [one, other], names: "hooks:hooks")
            try program.awaitLine("health address=")
            for port in [one.port, other.port] {
                let connection = try HTTPConnection(port: port)
                try connection.send(Request().bytes)
                #expect(try connection.reply().status == 202)
            }
        }
    }

    @Test
    func `a Unix socket takes deliveries`() async throws {
        try await Site.with { site in
            let path = site.path("hooks.sock")
            let socket = HeldSocket(path: path)
            let program = try site.startIngress(passing: [socket], names: "hooks")
            try program.awaitLine("listening address=unix:\(path)")
            let request = Request()
            let curl = try site.curl(["--unix-socket", path], request, "http://localhost")
            #expect(try curl.awaitExit() == .code(0))
            #expect(curl.output.contains(#""status":"accepted""#), "\(curl.output)")
            #expect(try site.deliveries == 1)
        }
    }

    @Test
    func `what is no listening stream socket is 78, and says why`() async throws {
        try await Site.with { site in
            let datagrams = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            let bound = HeldSocket(listens: false)
            let file = unsafe open(site.configuration, O_RDONLY | O_CLOEXEC)
            defer {
                close(datagrams)
                close(file)
            }
            for (descriptor, text) in [
                (datagrams, "descriptor 3 ('hooks') is no stream socket: use ListenStream="),
                (bound.descriptor, "descriptor 3 ('hooks') does not listen: use Accept=no"),
                (file, "descriptor 3 ('hooks') is no socket"),
            ] {
                let ingress = try site.startIngress(passing: [descriptor], names: "hooks")
                #expect(try ingress.awaitExit() == .code(78))
                #expect(ingress.output.contains(text), "\(ingress.output)")
            }
            #expect(!FileManager.default.fileExists(atPath: site.store))
        }
    }

    @Test(arguments: ["a:b", "health:health", "hooks", "hooks:x:y"])
    func `names that cannot be understood are 78`(names: String) async throws {
        try await Site.with { site in
            let sockets = [HeldSocket(), HeldSocket()]
            let ingress = try site.startIngress(passing: sockets, names: names)
            #expect(try ingress.awaitExit() == .code(78))
            #expect(ingress.output.contains("sockets"), "\(ingress.output)")
        }
    }

    @Test
    func `sockets for another process are not taken`() async throws {
        try await Site.with { site in
            let ingress = try RunningIngress(
                site.start(
                    Binaries.ingress,
                    environment: ["LISTEN_PID": "1", "LISTEN_FDS": "1"]
                )
            )
            try ingress.accept(Request())
        }
    }
}
