import Foundation
import QueueCore
import Spawn
import TestSupport
import Testing

@testable import Worker

@Suite(.timeLimit(.minutes(10)))
struct LeftoversTests {
    private let token = AttemptToken(job: JobID(rawValue: 17), attempt: 3)
    private let store = UUID().uuidString

    @Test
    func `what left the session of a handler is found by its environment and killed`()
        async throws
    {
        let environment = ["SAMOVAR_TOKEN=17.3", "SAMOVAR_STORE=\(store)", "PATH=/usr/bin:/bin"]
        let child = try start(environment)
        #expect(await Leftovers(token: token, storeID: store).killAll(within: patience))
        #expect(hasEnded(child), "it is gone when killAll returns")
        child.signalGroup(SIGTERM)  // so that a failure does not wait for ever
        #expect(child.reap() == .signal(SIGKILL))
    }

    private func hasEnded(_ child: ChildProcess) -> Bool {
        var event = pollfd(fd: child.exitDescriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&event, 1, 0) == 1
    }

    @Test
    func `a program that is only just being executed is found too`() async throws {
        let environment = ["SAMOVAR_TOKEN=17.3", "SAMOVAR_STORE=\(store)"]
        for _ in 1...50 {
            let child = try start(environment)
            #expect(await Leftovers(token: token, storeID: store).killAll(within: patience))
            #expect(hasEnded(child))
            child.signalGroup(SIGTERM)
            _ = child.reap()
        }
    }

    @Test
    func `what it locked is free when killAll returns`() async throws {
        let environment = ["SAMOVAR_TOKEN=17.3", "SAMOVAR_STORE=\(store)", "PATH=/usr/bin:/bin"]
        try await withTemporaryFolder { folder in
            let (file, ready) = (folder + "/lock", folder + "/ready")
            let lock = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            try #require(lock >= 0)
            defer { close(lock) }
            // Much memory, which is given back before the lock is: that takes a while.
            let body = """
                dd if=/dev/zero bs=256M count=1 status=none | { head -c 1 > \(ready); sleep 1000; }
                """
            let child = try start(environment, ["/usr/bin/flock", file, "/bin/sh", "-c", body])
            try waitUntil("the memory to be filled") {
                FileManager.default.contents(atPath: ready)?.isEmpty == false
            }
            #expect(flock(lock, LOCK_EX | LOCK_NB) != 0)
            #expect(await Leftovers(token: token, storeID: store).killAll(within: patience))
            #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
            child.signalGroup(SIGTERM)
            _ = child.reap()
        }
    }

    static let strangers = [
        ["SAMOVAR_TOKEN=17.3", "SAMOVAR_STORE=another"], ["SAMOVAR_TOKEN=17.30"],
        ["SAMOVAR_TOKEN=7.3"], ["SAMOVAR_TOKEN=117.3"], ["XSAMOVAR_TOKEN=17.3"],
        ["OTHER=SAMOVAR_TOKEN=17.3"], [],
    ]

    @Test(arguments: strangers)
    func `the processes of others are left alone`(environment: [String]) async throws {
        let hasStore = environment.contains { $0.hasPrefix("SAMOVAR_STORE=") }
        let child = try start(environment + (hasStore ? [] : ["SAMOVAR_STORE=\(store)"]))
        #expect(await Leftovers(token: token, storeID: store).killAll(within: patience))
        #expect(kill(child.pid, 0) == 0)
        child.signalGroup(SIGTERM)
        #expect(child.reap() == .signal(SIGTERM))
    }

    @Test
    func `nothing left is fine`() async {
        #expect(await Leftovers(token: token, storeID: store).killAll(within: patience))
    }

    /// A program in a session of its own, as setsid(1) makes one.
    private func start(
        _ environment: [String],
        _ command: [String] = ["/bin/sleep", "1000"]
    ) throws -> ChildProcess {
        let (input, output) = try (PipeEnds(), PipeEnds())
        defer {
            input.close()
            output.close()
        }
        return try ChildProcess(
            command: command,
            environment: environment,
            directory: nil,
            standardInput: input.readEnd,
            standardOutput: output.writeEnd,
            standardError: output.writeEnd
        )
    }
}
