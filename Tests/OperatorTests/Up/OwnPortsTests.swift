import Foundation
import Program
import Settings
import TestSupport
import Testing

@testable import Operator

/// What `samovar up` looks at before it starts anything.
@Suite
struct OwnPortsTests {
    @Test
    func `a port that is taken is refused, and its holder named`() throws {
        let holder = HTTPListener { _ in .silence }
        holder.listen()
        defer { holder.stop() }
        let taken = HostPort(host: "127.0.0.1", port: Int(holder.port))
        let free = HostPort(host: "127.0.0.1", port: 0)
        let cases = [
            ("ingress.listen", IngressSettings(listen: taken, health: free, sources: [])),
            ("ingress.health", IngressSettings(listen: free, health: taken, sources: [])),
        ]
        for (key, settings) in cases {
            let failure = try #require(throws: Failure.self) {
                try OwnPorts(ingress: settings).refuseTaken()
            }
            #expect(failure.status == .unavailable)
            #expect(failure.message.hasPrefix("cannot listen on \(taken): "))
            #expect(failure.message.contains("(pid \(getpid()))"))
            #expect(failure.hint?.contains("change \(key)") == true)
        }
    }

    @Test
    func `a free port is left free, and none is looked for where there is none`() throws {
        // Nobody else is at this address of the loopback network.
        let port = Int(HTTPListener { _ in .silence }.port)
        let free = HostPort(host: "127.0.0.77", port: port)
        let settings = IngressSettings(listen: free, health: nil, sources: [])
        for _ in 1...2 { try OwnPorts(ingress: settings).refuseTaken() }
    }
}
