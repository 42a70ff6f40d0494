import Foundation
import QueueCore
import Spawn
import TestSupport
import Testing

@testable import Worker

@Suite(.timeLimit(.minutes(10)))
struct OrphanedProcessesTests {
    private static let token = AttemptToken(job: JobID(rawValue: 17), attempt: 3)
    private static let sleeper = ["/bin/sleep", "1000"]

    /// A store's file in a folder of its own, and what is said of its handlers.
    private struct Place {
        let folder: String
        let storeID = UUID().uuidString

        var store: String { folder + "/queue.db" }

        func orphans(
            _ attempts: [AttemptToken] = [OrphanedProcessesTests.token]
        ) -> OrphanedProcesses {
            OrphanedProcesses(
                attempts: attempts,
                storeID: storeID,
                storePath: store,
                stateFolder: folder
            )
        }

        func trace(_ token: AttemptToken = OrphanedProcessesTests.token) throws -> AttemptTrace {
            let file = try #require(StoreFileMark(store))
            return AttemptTrace(
                token: token,
                marks: HandlerMarks(storeID: storeID, storeFile: file),
                stateFolder: folder
            )
        }

        /// What a handler's environment says.
        func marks(_ token: AttemptToken = OrphanedProcessesTests.token) throws -> [String] {
            try ["SAMOVAR_TOKEN=\(token)"] + trace().marks.variables
        }
    }

    private func withPlace(_ body: (Place) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let place = Place(folder: folder)
            try Data().write(to: URL(fileURLWithPath: place.store))
            try FileManager.default.createDirectory(
                atPath: ProcessSight.noteFolder(folder),
                withIntermediateDirectories: false
            )
            try await body(place)
        }
    }

    // MARK: By the environment

    @Test
    func `what left the session of a handler is found by its environment and killed`()
        async throws
    {
        try await withPlace { place in
            let child = try start(try place.marks() + ["PATH=/usr/bin:/bin"])
            let sweep = await place.orphans().killAll(within: patience)
            #expect(sweep.remaining.isEmpty)
            #expect(sweep.killed.map(\.pid) == [child.pid])
            #expect(sweep.killed.map(\.attempt) == [Self.token])
            #expect(hasEnded(child), "it is gone when killAll returns")
            #expect(end(child) == .signal(SIGKILL))
        }
    }

    @Test
    func `a program that is only just being executed is found too`() async throws {
        try await withPlace { place in
            for _ in 1...50 {
                let child = try start(try place.marks())
                #expect(await place.orphans().killAll(within: patience).remaining.isEmpty)
                #expect(hasEnded(child))
                _ = end(child)
            }
        }
    }

    @Test
    func `what it locked is free when killAll returns`() async throws {
        try await withPlace { place in
            let (file, ready) = (place.folder + "/lock", place.folder + "/ready")
            let lock = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            try #require(lock >= 0)
            defer { close(lock) }
            // Much memory, which is given back before the lock is: that takes a while.
            let body = """
                dd if=/dev/zero bs=256M count=1 status=none | { head -c 1 > \(ready); sleep 1000; }
                """
            let child = try start(
                try place.marks() + ["PATH=/usr/bin:/bin"],
                ["/usr/bin/flock", file, "/bin/sh", "-c", body]
            )
            try waitUntil("the memory to be filled") {
                FileManager.default.contents(atPath: ready)?.isEmpty == false
            }
            #expect(flock(lock, LOCK_EX | LOCK_NB) != 0)
            #expect(await place.orphans().killAll(within: patience).remaining.isEmpty)
            #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
            _ = end(child)
        }
    }

    static let strangers = [
        ["SAMOVAR_TOKEN=17.3", "SAMOVAR_STORE=another"], ["SAMOVAR_TOKEN=17.30"],
        ["SAMOVAR_TOKEN=7.3"], ["SAMOVAR_TOKEN=117.3"], ["XSAMOVAR_TOKEN=17.3"],
        ["OTHER=SAMOVAR_TOKEN=17.3"], [],
        // A copy of the same store: same UUID, same tokens.
        ["SAMOVAR_TOKEN=17.3", "SAMOVAR_STORE_FILE=1-1"],
    ]

    @Test(arguments: strangers)
    func `the processes of others are left alone`(environment: [String]) async throws {
        try await withPlace { place in
            // All that it does not say itself, it says as this store's handlers do.
            let said = Set(environment.map { $0.prefix { $0 != "=" } })
            let others = try place.trace().marks.variables.filter { variable in
                !said.contains(variable.prefix { $0 != "=" })
            }
            let child = try start(environment + others)
            #expect(await place.orphans().killAll(within: patience).remaining.isEmpty)
            #expect(kill(child.pid, 0) == 0)
            #expect(end(child) == .signal(SIGTERM))
        }
    }

    @Test
    func `a program that was started without an environment needs no second look`() async throws {
        try await withPlace { place in
            let child = try start([])
            let marks = try place.trace().marks
            try waitUntil("the program to be executed") {
                let process = try #require(ProcessStat(child.pid))
                return marks.finding(of: process) == .another
            }
            _ = end(child)
        }
    }

    // MARK: By the session

    static let hidden = [
        "exec /bin/sleep 1000", "/usr/bin/timeout 1000 /bin/sleep 1000 & wait",
        "/usr/bin/setsid /bin/sleep 1000 & wait", "/bin/sleep 1000 & exec /bin/sleep 1000",
    ]

    @Test(arguments: hidden)
    func `a handler without its environment is found by its session`(
        program: String
    ) async throws {
        try await withPlace { place in
            let child = try start([], ["/bin/sh", "-c", program], noted: try place.trace())
            var others: [Int32] = []
            try waitUntil("what it starts") {
                others = ProcessStat.all().filter { $0.parent == child.pid }.map(\.pid)
                return !others.isEmpty || !program.contains("&")
            }
            let sweep = await place.orphans().killAll(within: patience)
            #expect(sweep.remaining.isEmpty)
            #expect(sweep.killed.contains { $0.pid == child.pid })
            #expect(hasEnded(child))
            #expect(others.allSatisfy { ProcessStat($0)?.hasEnded ?? true })
            #expect(end(child) == .signal(SIGKILL))
            #expect(SessionNote(of: try place.trace()) == nil, "nothing is left to be found")
        }
    }

    @Test
    func `what is left of a session is found by the pipe it prints to when its leader is gone`()
        async throws
    {
        try await withPlace { place in
            let child = try start(
                [],
                ["/bin/sh", "-c", "/bin/sleep 1000 & exit 0"],
                noted: try place.trace()
            )
            _ = child.awaitEnd()
            let left = try #require(
                ProcessStat.all().first { $0.session == child.pid && !$0.hasEnded }
            )
            child.reap()
            let sweep = await place.orphans().killAll(within: patience)
            #expect(sweep.killed.map(\.pid) == [left.pid])
        }
    }

    @Test
    func `a later process of the noted pid is left alone`() async throws {
        try await expectAlone { note in
            var fields = note.split(separator: " ", omittingEmptySubsequences: false)
            // When it was started: the 22nd of the stat, after the two words and the pipe before it.
            let name = try #require(fields.firstIndex { $0.hasSuffix(")") })
            fields[name + 20] = "1"
            return fields.joined(separator: " ")
        }
    }

    @Test(arguments: ["another-boot pid:[1]", "\(ProcessSight.here.bootID) pid:[1]"])
    func `a note of another boot or PID namespace says nothing`(sight: String) async throws {
        try await expectAlone { note in
            note.replacing("\(ProcessSight.here)", with: sight)
        }
    }

    /// Expects that a noted process is not taken for ours once its note was changed.
    private func expectAlone(after change: (String) throws -> String) async throws {
        try await withPlace { place in
            let trace = try place.trace()
            let child = try start([], Self.sleeper, noted: trace)
            let note = try String(contentsOfFile: trace.notePath, encoding: .utf8)
            let changed = try change(note)
            try #require(changed != note)
            try Data(changed.utf8).write(to: URL(fileURLWithPath: trace.notePath))
            let sweep = await place.orphans().killAll(within: patience)
            #expect(sweep.remaining.isEmpty)
            #expect(end(child) == .signal(SIGTERM))
        }
    }

    // MARK: Many

    @Test
    func `one search is for many attempts, and says whose each was`() async throws {
        try await withPlace { place in
            let tokens = (1...5).map { AttemptToken(job: JobID(rawValue: $0), attempt: 1) }
            var children: [(AttemptToken, ChildProcess)] = []
            for token in tokens.prefix(2) {
                children.append((token, try start(place.marks(token))))
            }
            for token in tokens[2..<4] {
                children.append((token, try start([], Self.sleeper, noted: place.trace(token))))
            }
            let sweep = await place.orphans(tokens).killAll(within: patience)
            #expect(sweep.remaining.isEmpty)
            let killed = Dictionary(uniqueKeysWithValues: sweep.killed.map { ($0.pid, $0.attempt) })
            #expect(killed.count == 4)
            for (token, child) in children {
                #expect(killed[child.pid] == token)
                #expect(end(child) == .signal(SIGKILL))
            }
        }
    }

    @Test
    func `nothing left is fine`() async throws {
        try await withPlace { place in
            #expect(await place.orphans().killAll(within: patience).remaining.isEmpty)
            #expect(await place.orphans([]).killAll(within: patience).remaining.isEmpty)
        }
    }

    @Test
    func `of a store whose file is gone nothing can be told, so its jobs wait`() async throws {
        try await withPlace { place in
            try FileManager.default.removeItem(atPath: place.store)
            let sweep = await place.orphans().killAll(within: patience)
            #expect(sweep.remaining == [Self.token])
        }
    }

    // MARK: Parts

    /// A program in a session of its own, as handlers have one.
    private func start(
        _ environment: [String],
        _ command: [String] = sleeper,
        noted trace: AttemptTrace? = nil
    ) throws -> ChildProcess {
        let (input, output) = try (PipeEnds(), PipeEnds())
        let note = try trace.map { try SessionNote.make(for: $0, output: output.writeEnd) }
        defer {
            input.close()
            output.close()
            if let note { close(note) }
        }
        return try ChildProcess(
            command: command,
            environment: environment,
            directory: nil,
            standardInput: input.readEnd,
            standardOutput: output.writeEnd,
            standardError: output.writeEnd,
            note: note ?? -1
        )
    }

    private func hasEnded(_ child: ChildProcess) -> Bool {
        var event = pollfd(fd: child.exitDescriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&event, 1, 0) == 1
    }

    /// Ends it, if it still runs, so that a failure does not wait for ever.
    private func end(_ child: ChildProcess) -> ChildProcess.Exit {
        child.signalGroup(SIGTERM)
        return child.reap()
    }
}
