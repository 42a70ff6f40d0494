import Foundation
import Spawn
import TestSupport
import Testing

/// An ingress without any right over the system.
///
/// What only root may do (a socket option will do) fails for every service that runs as it should,
/// and tests that run as root would never see it.
@Suite
struct UnprivilegedTests {
    /// Takes all capabilities from root; nobody else has any.
    private static let wrapper =
        geteuid() == 0
        ? ["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"] : []

    private func expectNoCapabilities(_ program: RunningProgram) throws {
        let status = try String(contentsOfFile: "/proc/\(program.pid)/status", encoding: .utf8)
        #expect(status.contains("\nCapEff:\t0000000000000000\n"))
    }

    @Test
    func `deliveries are accepted at a port of its own, and health is told`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress(under: Self.wrapper)
            try expectNoCapabilities(ingress.program)
            let connection = try ingress.connect()
            for _ in 1...3 {
                try connection.send(Request().bytes)
                #expect(try connection.reply().status == 202)
            }
            #expect(try ingress.health("/readyz").status == 200)
            ingress.program.signal(SIGHUP)
            try ingress.program.awaitLine("configuration reloaded")
            try ingress.accept(Request())
            ingress.program.signal(SIGTERM)
            #expect(try ingress.program.awaitExit() == .code(0))
            let expected = ["no store was there: a new one begins", "test.secret has 6 bytes"]
            let warnings = ingress.program.output.split(separator: "\n").filter { line in
                line.contains(" WARN ") && !expected.contains { line.contains($0) }
            }
            #expect(warnings == [])
            #expect(try site.deliveries == 4)
        }
    }

    @Test
    func `deliveries are accepted at passed sockets`() async throws {
        try await Site.with { site in
            let path = site.path("hooks.sock")
            let (port, local) = (HeldSocket(), HeldSocket(path: path))
            let program = try site.startIngress(
                passing: [port, local],
                names: "hooks:hooks",
                under: Self.wrapper
            )
            try program.awaitLine("health address=")
            try expectNoCapabilities(program)
            let connection = try HTTPConnection(port: port.port)
            try connection.send(Request().bytes)
            #expect(try connection.reply().status == 202)
            let curl = try site.curl(["--unix-socket", path], Request(), "http://localhost")
            #expect(try curl.awaitExit() == .code(0))
            #expect(curl.output.contains(#""status":"accepted""#), "\(curl.output)")
            #expect(try site.deliveries == 2)
        }
    }
}
