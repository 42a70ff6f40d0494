import Foundation
import Spawn
import TestSupport
import Testing

/// The files in `deploy/`, and the servers that `deploy/test-servers` has unpacked.
enum Deploy {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../..").standardizedFileURL.path

    static func text(_ file: String) throws -> String {
        try String(contentsOfFile: "\(root)/deploy/\(file)", encoding: .utf8)
    }

    static func server(_ program: String) -> String { "\(root)/.build/servers/usr/\(program)" }

    /// Runs a program of the system to its end.
    ///
    /// - Returns: what it printed.
    @discardableResult
    static func run(
        _ command: [String],
        in folder: String,
        environment: [String: String] = [:],
        expecting exit: ChildProcess.Exit = .code(0)
    ) throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let program = try RunningProgram(
            ["/usr/bin/env"] + command,
            environment: ["PATH": path + ":/usr/sbin:/sbin", "HOME": folder].merging(environment) {
                $1
            },
            folder: folder
        )
        defer { program.killNow() }
        #expect(try program.awaitExit() == exit, "\(command): \(program.output)")
        return program.output
    }
}

/// A certificate that signed itself, for `hooks.example.org`.
enum Certificate {
    /// Makes `tls.pem` and `tls.key` in a site's folder.
    static func make(in site: Site) throws {
        try Deploy.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                "/CN=hooks.example.org", "-addext", "subjectAltName=DNS:hooks.example.org",
                "-keyout", site.path("tls.key"), "-out", site.path("tls.pem"),
            ],
            in: site.folder
        )
    }
}

/// curl as a client over TLS, which trusts the site's certificate alone.
enum Curl {
    struct Reply: Sendable {
        var status: Int
        /// In lower case.
        var head: String
        var body: String
    }

    /// Where requests come from: not where the front server is.
    static let client = "127.0.0.2"

    /// Posts a request to `https://hooks.example.org:8443` at an address.
    static func send(
        _ request: Request,
        to address: String,
        port: Int = 8443,
        in site: Site,
        options: [String] = []
    ) throws -> Reply {
        let name = Request.freshID()
        let (body, head) = (site.path("\(name).body"), site.path("\(name).head"))
        try request.body.write(to: URL(fileURLWithPath: body))
        let headers = request.headers.flatMap { ["--header", "\($0.name): \($0.value)"] }
        let output = try Deploy.run(
            [
                "curl", "--silent", "--show-error", "--max-time", "60", "--interface", client,
                "--resolve", "hooks.example.org:\(port):\(address)", "--cacert",
                site.path("tls.pem"), "--dump-header", head, "--data-binary", "@\(body)",
                "--header", "Expect:", "--http1.1",
            ] + headers + options + ["https://hooks.example.org:\(port)\(request.target)"],
            in: site.folder
        )
        let answered = try String(contentsOfFile: head, encoding: .utf8).lowercased()
        let status = try #require(
            answered.split(separator: "http/1.1 ").last.flatMap { Int($0.prefix(3)) }
        )
        return Reply(status: status, head: answered, body: output)
    }
}
