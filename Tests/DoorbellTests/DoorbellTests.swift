import Foundation
import TestSupport
import Testing

@testable import Doorbell

@Suite(.timeLimit(.minutes(10)))
struct DoorbellTests {
    @Test
    func `a ring reaches every listener`() async throws {
        try await withTemporaryFolder { folder in
            let listeners = try ["w1", "w2"].map {
                try DoorbellListener(stateFolder: folder, name: $0)
            }
            try Doorbell(stateFolder: folder).ring()
            for listener in listeners {
                #expect(await hears(listener))
                listener.close()
            }
        }
    }

    @Test
    func `a bell that hung before its listener rings as well`() async throws {
        try await withTemporaryFolder { folder in
            let bell = try Doorbell(stateFolder: folder)
            bell.ring()
            let listener = try DoorbellListener(stateFolder: folder, name: "w1")
            bell.ring()
            #expect(await hears(listener))
            listener.close()
        }
    }

    @Test
    func `thousands of rings that nobody takes block nobody, and are heard`() async throws {
        try await withTemporaryFolder { folder in
            let listener = try DoorbellListener(stateFolder: folder, name: "w1")
            let bell = try Doorbell(stateFolder: folder)
            for _ in 0..<5000 { bell.ring() }
            #expect(await hears(listener))
            listener.close()
        }
    }

    @Test
    func `a ring with nobody to hear it is fine`() async throws {
        try await withTemporaryFolder { folder in
            try Doorbell(stateFolder: folder).ring()
        }
    }

    @Test
    func `the socket of a worker that died is removed, those of others stay`() async throws {
        try await withTemporaryFolder { folder in
            await #expect(processExitsWith: .exitCode(7)) { [folder = folder as String] in
                let dead = try DoorbellListener(stateFolder: folder, name: "dead")
                withExtendedLifetime(dead) { _exit(7) }
            }
            let alive = try DoorbellListener(stateFolder: folder, name: "alive")
            #expect(try sockets(folder) == ["alive.sock", "dead.sock"])
            try Doorbell(stateFolder: folder).ring()
            #expect(try sockets(folder) == ["alive.sock"])
            #expect(await hears(alive))
            alive.close()
        }
    }

    @Test
    func `a listener that closes takes its socket down and ends its rings`() async throws {
        try await withTemporaryFolder { folder in
            let listener = try DoorbellListener(stateFolder: folder, name: "w1")
            listener.close()
            #expect(try sockets(folder).isEmpty)
            for await _ in listener.rings { Issue.record("nobody rang") }
            try Doorbell(stateFolder: folder).ring()
        }
    }

    @Test
    func `a state folder may have a path longer than a socket's`() async throws {
        try await withTemporaryFolder { folder in
            let deep = folder + String(repeating: "/a-long-name-of-a-folder", count: 10)
            #expect(deep.utf8.count > 200)
            try FileManager.default.createDirectory(
                atPath: deep,
                withIntermediateDirectories: true
            )
            let listener = try DoorbellListener(stateFolder: deep, name: "w3w5e11264sgsf")
            try Doorbell(stateFolder: deep).ring()
            #expect(await hears(listener))
            listener.close()
        }
    }

    @Test
    func `two listeners of one name are an error that names the place`() async throws {
        try await withTemporaryFolder { folder in
            let first = try DoorbellListener(stateFolder: folder, name: "w1")
            let error = #expect(throws: DoorbellError.self) {
                try DoorbellListener(stateFolder: folder, name: "w1")
            }
            #expect(error?.description.contains("w1.sock") == true)
            first.close()
        }
    }

    @Test
    func `a state folder that does not exist is an error that names it`() {
        let error = #expect(throws: DoorbellError.self) {
            try Doorbell(stateFolder: "/nonexistent")
        }
        #expect(error?.description.contains("/nonexistent/doorbell") == true)
    }

    /// Waits for a ring; the suite's time limit ends a test that waits in vain.
    private func hears(_ listener: DoorbellListener) async -> Bool {
        for await _ in listener.rings { return true }
        return false
    }

    private func sockets(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder + "/doorbell").sorted()
    }
}
