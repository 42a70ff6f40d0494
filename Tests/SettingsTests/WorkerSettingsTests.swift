import Testing

@testable import Settings

@Suite
struct WorkerSettingsTests {
    @Test(arguments: ["many", "0", "1025", "-1", "1.5", "0x10", "99999999999999999999"])
    func `slots must be a number in range`(value: String) throws {
        #expect(
            try mistakes("\(ingressLine)\nworker: { slots: \(value) }")
                == ["2:18: worker.slots must be a whole number from 1 to 1024, not '\(value)'"]
        )
    }

    @Test(arguments: [
        ("2d", "worker.shutdown_grace must be a duration from 0s to 1d, not '2d'"),
        ("30", "worker.shutdown_grace needs a unit such as s, m or h: '30s'"),
        ("[]", "worker.shutdown_grace must be a duration such as 30s, not a list"),
        ("~", "worker.shutdown_grace must be a duration such as 30s, not empty"),
    ])
    func `shutdown_grace must be a duration in range`(value: String, message: String) throws {
        #expect(
            try mistakes("\(ingressLine)\nworker: { shutdown_grace: \(value) }")
                == ["2:27: \(message)"]
        )
    }

    @Test
    func `the limits themselves are allowed`() throws {
        let least = try load("\(ingressLine)\nworker: { slots: 1, shutdown_grace: 0s }")
        #expect(least.worker == WorkerSettings(slots: 1, shutdownGrace: .zero))
        let most = try load("\(ingressLine)\nworker: { slots: 1024, shutdown_grace: 1d }")
        #expect(most.worker == WorkerSettings(slots: 1024, shutdownGrace: .seconds(86_400)))
    }

    @Test
    func `health is an address, none, or the usual one`() throws {
        #expect(try load(ingressLine).worker.health == HostPort(host: "127.0.0.1", port: 8482))
        let other = try load("\(ingressLine)\nworker: { health: \"[::1]:9000\" }")
        #expect(other.worker.health == HostPort(host: "::1", port: 9000))
        #expect(try load("\(ingressLine)\nworker: { health: none }").worker.health == nil)
    }

    @Test
    func `health must be an address`() throws {
        let found = try mistakes("\(ingressLine)\nworker: { health: 8482 }")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("2:19: worker.health must be host:port") == true)
    }
}
