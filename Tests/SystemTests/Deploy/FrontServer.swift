import Foundation
import TestSupport
import Testing

/// A server before the ingress, run with the configuration that `deploy/` has for it.
enum FrontServer: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case nginx, caddy

    var testDescription: String { rawValue }

    /// Starts it for a site and waits until it takes connections.
    ///
    /// `upstream` is the port of the ingress; `locations` stand in place of nginx's own.
    func start(
        in site: Site,
        upstream: UInt16,
        locations: String? = nil
    ) throws -> RunningFrontServer {
        // An address of its own rather than a port: no other test has it.
        let address =
            "127.\((1...254).map { $0 }.shuffled().prefix(3).map(String.init).joined(separator: "."))"
        try Certificate.make(in: site)
        let command =
            switch self {
            case .nginx: try nginx(site, address, upstream, locations)
            case .caddy: try caddy(site, address, upstream)
            }
        let program = try RunningProgram(
            command,
            environment: ["PATH": "/usr/bin:/bin", "HOME": site.folder, "TMPDIR": site.folder],
            folder: site.folder
        )
        do {
            let sign = self == .nginx ? "start worker process " : "serving initial configuration"
            try program.awaitLine(sign)
        } catch {
            program.killNow()
            throw error
        }
        return RunningFrontServer(program: program, address: address, site: site)
    }

    private func nginx(
        _ site: Site,
        _ address: String,
        _ upstream: UInt16,
        _ locations: String?
    ) throws -> [String] {
        var server = try Deploy.text("nginx/samovar.conf")
            .replacing("    listen [::]:443 ssl;\n", with: "")
            .replacing("listen 443 ssl;", with: "listen \(address):8443 ssl;")
            .replacing("/etc/ssl/hooks.example.org.pem", with: site.path("tls.pem"))
            .replacing("/etc/ssl/private/hooks.example.org.key", with: site.path("tls.key"))
        if let locations {
            let start = try #require(server.range(of: "    location = "))
            server = server[..<start.lowerBound] + locations + "\n}\n"
        }
        server = server.replacing("127.0.0.1:8480", with: "127.0.0.1:\(upstream)")
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "    \($0)_temp_path \(site.path("nginx-\($0)"));" }.joined(separator: "\n")
        try FileManager.default.createDirectory(
            atPath: site.path("snippets"),
            withIntermediateDirectories: true
        )
        try site.write(
            Deploy.text("nginx/samovar-proxy.conf"),
            to: "snippets/samovar-proxy.conf"
        )
        try site.write(
            """
            \(geteuid() == 0 ? "user root;" : "")
            daemon off;
            worker_processes 1;
            error_log stderr notice;
            pid \(site.path("nginx.pid"));
            events {}
            http {
                access_log off;
            \(temporary)
            \(server)
            }

            """,
            to: "nginx.conf"
        )
        return [Deploy.server("sbin/nginx"), "-p", site.folder, "-c", site.path("nginx.conf")]
    }

    private func caddy(_ site: Site, _ address: String, _ upstream: UInt16) throws -> [String] {
        let server = try Deploy.text("caddy/Caddyfile")
            .replacing(
                "hooks.example.org {",
                with: """
                    https://hooks.example.org:8443 {
                    \tbind \(address)
                    \ttls \(site.path("tls.pem")) \(site.path("tls.key"))
                    """
            )
            .replacing("127.0.0.1:8480", with: "127.0.0.1:\(upstream)")
        // No certificate of its own, no redirecting on port 80.
        try site.write("{\n\tadmin off\n\tauto_https off\n}\n" + server, to: "Caddyfile")
        return [
            Deploy.server("bin/caddy"), "run", "--config", site.path("Caddyfile"), "--adapter",
            "caddyfile",
        ]
    }
}

/// A front server that takes connections at `https://hooks.example.org:8443`.
struct RunningFrontServer: Sendable {
    let program: RunningProgram
    let address: String
    let site: Site

    /// Sends a request with curl, as a client with an address of its own.
    func send(_ request: Request, options: [String] = []) throws -> Curl.Reply {
        try Curl.send(request, to: address, in: site, options: options)
    }
}
