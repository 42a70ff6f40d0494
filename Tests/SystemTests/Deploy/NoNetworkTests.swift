import Foundation
import TestSupport
import Testing

/// The ingress without a network of its own, as `samovar-ingress.service` runs it
/// (`PrivateNetwork=yes`): connections come in through the sockets that it is given.
@Suite(.enabled(if: Probe.mayUnshare, "needs root, and namespaces"))
struct NoNetworkTests {
    @Test
    func `deliveries and health come in through passed sockets, and nothing gets out`()
        async throws
    {
        try await Site.with { site in
            // An address of its own rather than a port: no other test has it.
            let numbers = (1...254).map(String.init).shuffled().prefix(3)
            let address = "127." + numbers.joined(separator: ".")
            let manager = try site.start(
                Binaries.ingress,
                under: [
                    "/usr/bin/systemd-socket-activate", "--listen=\(address):8480",
                    "--listen=\(address):8481", "--fdname=hooks:health", "unshare", "--net",
                    // What else is in there: a loopback interface that is down.
                    "sh", "-c", "cat /proc/net/dev > interfaces; exec \"$@\"", "sh",
                ]
            )
            try manager.awaitLine("Listening on \(address):8481")
            let request = Request()
            let body = site.path("body")
            try request.body.write(to: URL(fileURLWithPath: body))
            let headers = request.headers.flatMap { ["--header", "\($0.name): \($0.value)"] }
            let answer = try Deploy.run(
                ["curl", "--silent", "--show-error", "--max-time", "60", "--data-binary"]
                    + ["@\(body)"] + headers + ["http://\(address):8480/hooks/gitea"],
                in: site.folder
            )
            #expect(answer.contains("\"accepted\""), "\(answer) \(manager.output)")
            let health = try Deploy.run(
                [
                    "curl", "--silent", "--fail", "--max-time", "60",
                    "http://\(address):8481/readyz",
                ],
                in: site.folder
            )
            #expect(!health.isEmpty)
            #expect(try site.deliveries == 1)
            let interfaces = site.lines("interfaces").filter { $0.contains(":") }
            #expect(interfaces.count == 1 && interfaces[0].contains("lo:"), "\(interfaces)")
        }
    }
}
