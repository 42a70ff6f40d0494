import Foundation
import QueueCore
import TestSupport
import Testing

@testable import Spawn
@testable import Worker

/// Real programs, small and quick.
@Suite(.timeLimit(.minutes(10)))
struct ExecAttemptTests {
    static let codes: [Int32] = [0, 1, 2, 64, 75, 126, 127, 128, 255]

    @Test(arguments: codes)
    func `an exit code is reported as it is`(code: Int32) throws {
        let end = try run("exit \(code)")
        #expect(end.exit == .code(code))
        #expect(end.stopped == nil)
        #expect(end.output == nil)
    }

    @Test(arguments: [SIGTERM, SIGKILL, SIGSEGV, SIGHUP, SIGPIPE])
    func `a signal is no exit code`(signal: Int32) throws {
        #expect(try run("kill -\(signal) $$").exit == .signal(signal))
    }

    @Test
    func `what is printed on both streams is kept in its order`() throws {
        let end = try run("echo one; echo two >&2; printf three")
        #expect(end.output?.kept == Data("one\ntwo\nthree".utf8))
        #expect(end.output?.bytes == 13)
    }

    @Test
    func `of a megabyte of output the first and the last are kept`() throws {
        let end = try run("printf begin; head -c 1000000 /dev/zero | tr '\\0' x; printf end")
        let output = try #require(end.output)
        #expect(output.bytes == 1_000_008)
        #expect(output.kept.starts(with: Data("beginxxx".utf8)))
        #expect(output.kept.suffix(6) == Data("xxxend".utf8))
        #expect(output.kept.count < 66_000)
        #expect(output.kept.range(of: Data("bytes left out".utf8)) != nil)
    }

    // MARK: Standard input

    @Test(arguments: [0, 1, 65_536, 65_537, 3_000_000])
    func `a handler reads all of its input, however much a pipe holds`(bytes: Int) throws {
        let end = try run("wc -c", input: Data(repeating: 0x41, count: bytes))
        #expect(end.output.map(text)?.trimmingCharacters(in: .whitespacesAndNewlines) == "\(bytes)")
    }

    @Test
    func `a handler that answers while it reads blocks nobody`() throws {
        let end = try run("cat", input: Data(repeating: 0x41, count: 3_000_000))
        #expect(end.exit == .code(0))
        #expect(end.output?.bytes == 3_000_000)
    }

    @Test
    func `a handler that never reads its input ends as it wants`() throws {
        let end = try run("exit 3", input: Data(repeating: 0x41, count: 3_000_000))
        #expect(end.exit == .code(3))
    }

    @Test
    func `a handler that closes its input goes on`() throws {
        let input = Data(repeating: 0x41, count: 3_000_000)
        let end = try run("exec 0<&-; echo closed; exit 4", input: input)
        #expect(end.exit == .code(4))
        #expect(end.output?.kept == Data("closed\n".utf8))
    }

    // MARK: Stopping

    @Test
    func `a handler that runs too long gets TERM and may tidy up`() throws {
        let end = try run(
            "trap 'echo tidied; exit 9' TERM; while :; do sleep 0.01; done",
            timeout: .seconds(4)  // by then the trap is set, on a loaded machine too
        )
        #expect(end.stopped == .timedOut)
        #expect(end.exit == .code(9))
        // A shell tells, too, that TERM ended its child.
        #expect(end.output.map(text)?.hasSuffix("tidied\n") == true)
    }

    @Test
    func `a handler that ignores TERM is killed after the grace`() throws {
        let end = try run(
            "trap '' TERM; while :; do sleep 0.01; done",
            timeout: .seconds(4),
            grace: .milliseconds(100)
        )
        #expect(end.stopped == .timedOut)
        #expect(end.exit == .signal(SIGKILL))
    }

    @Test(arguments: [StopReason.cancelled, .shutdown])
    func `a handler that is told to stop gets TERM, and the reason is kept`(
        reason: StopReason
    ) throws {
        let control = try ExecControl()
        control.stop(reason, kill: false)
        let end = try run("sleep 1000", control: control)
        #expect(end.stopped == reason)
        #expect(end.exit == .signal(SIGTERM))
    }

    @Test
    func `a handler whose lease is lost is killed at once, whatever it was told before`() throws {
        let control = try ExecControl()
        control.stop(.cancelled, kill: false)
        control.stop(.leaseLost, kill: false)
        let end = try run("trap '' TERM; sleep 1000", grace: .seconds(1000), control: control)
        #expect(end.stopped == .cancelled)
        #expect(end.exit == .signal(SIGKILL))
    }

    @Test
    func `a handler is not started when it is too late`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder + "/started"
            var attempt = try attempt("echo > \(file)")
            let now = Clocks.system.monotonic()
            attempt.latestStart = now.rawValue
            let error = #expect(throws: SpawnError.self) { try attempt.run() }
            #expect(error?.step == .time)
            #expect(error?.isPermanent == false)
            #expect(!FileManager.default.fileExists(atPath: file))
            attempt.latestStart = (now + .seconds(3600)).rawValue
            #expect(try attempt.run().exit == .code(0))
        }
    }

    @Test
    func `a handler that is to be killed gets no grace`() throws {
        let control = try ExecControl()
        control.stop(.cancelled, kill: false)
        control.stop(.shutdown, kill: true)
        let end = try run("trap '' TERM; sleep 1000", grace: .seconds(1000), control: control)
        // The first reason stays.
        #expect(end.stopped == .cancelled)
        #expect(end.exit == .signal(SIGKILL))
    }

    @Test
    func `an order that comes while a handler runs stops it`() async throws {
        try await withTemporaryFolder { folder in
            let control = try ExecControl()
            let started = folder + "/started"
            let attempt = attempt("echo > \(started); sleep 1000", control: control)
            let end = try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(with: Result { try attempt.run() })
                }
                Thread.detachNewThread {
                    while !FileManager.default.fileExists(atPath: started) { sched_yield() }
                    control.stop(.shutdown, kill: false)
                }
            }
            #expect(end.stopped == .shutdown)
            #expect(end.exit == .signal(SIGTERM))
        }
    }

    @Test
    func `a child that keeps the output open neither delays the end nor survives it`() throws {
        // Waiting for the child's end of the output would take until the timeout.
        let end = try run("sleep 1000 & echo $!", timeout: .seconds(900))
        #expect(end.stopped == nil)
        #expect(end.exit == .code(0))
        let pid = try #require(Int32(end.output.map(text)?.split(separator: "\n").first ?? ""))
        #expect(isGone(pid))
    }

    // MARK: What it leaves behind

    /// timeout(1) makes a process group of its own, as the job control of a shell does.
    private static let ownGroup = """
        timeout 900 sleep 900 &
        while [ "$(ps -o pgid= -p $! | tr -d ' ')" = $$ ]; do :; done
        echo $!
        """

    @Test(arguments: [StopReason.cancelled, .leaseLost, .shutdown])
    func `of a handler that is stopped nothing is left, in whatever group`(
        reason: StopReason
    ) async throws {
        try await withTemporaryFolder { folder in
            let file = folder + "/pid"
            let control = try ExecControl()
            let attempt = attempt("\(Self.ownGroup) > \(file); wait", control: control)
            let end = try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(with: Result { try attempt.run() })
                }
                Thread.detachNewThread {
                    while FileManager.default.contents(atPath: file)?.last != 0x0A { sched_yield() }
                    control.stop(reason, kill: false)
                }
            }
            #expect(end.stopped == reason)
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let pid = try #require(Int32(text.dropLast()))
            #expect(ProcessStat(pid)?.hasEnded ?? true, "it is gone when the attempt has an end")
        }
    }

    @Test
    func `of a handler that failed nothing is left in its session`() throws {
        let end = try run("\(Self.ownGroup); exit 3")
        #expect(end.exit == .code(3))
        let pid = try #require(Int32(end.output.map(text)?.split(separator: "\n").first ?? ""))
        #expect(ProcessStat(pid)?.hasEnded ?? true)
    }

    @Test
    func `of a handler that asks to run again nothing is left, whatever its exit code`() throws {
        var attempt = try attempt(Self.ownGroup)
        attempt.asksToRunAgain = { true }
        let end = try attempt.run()
        #expect(end.exit == .code(0))
        let pid = try #require(Int32(end.output.map(text)?.split(separator: "\n").first ?? ""))
        #expect(ProcessStat(pid)?.hasEnded ?? true)
    }

    @Test
    func `orders that change nothing are not written down, so that nobody waits to write one`()
        throws
    {
        let control = try ExecControl()
        // More than a pipe holds.
        for _ in 0..<70_000 { control.stop(.cancelled, kill: false) }
        #expect(control.take() == ExecControl.Order(reason: .cancelled, kill: false))
    }

    @Test
    func `a handler that is done may leave what has a group of its own`() throws {
        let end = try run(Self.ownGroup)
        #expect(end.exit == .code(0))
        let pid = try #require(Int32(end.output.map(text)?.split(separator: "\n").first ?? ""))
        let left = try #require(ProcessStat(pid))
        #expect(!left.hasEnded)
        kill(-left.group, SIGKILL)
    }

    @Test
    func `the session is noted before the program runs, and no longer than the attempt`() throws {
        var attempt = try attempt("")
        let note = attempt.trace.notePath
        attempt.command = ["/bin/sh", "-c", "cat '\(note)'; echo $$"]
        let lines = try #require(try attempt.run().output.map(text)).split(separator: "\n")
        try #require(lines.count == 4)
        #expect(ProcessSight(lines[0]) == ProcessSight.here)
        #expect(lines[1].hasPrefix("pipe:["))
        let noted = try #require(ProcessStat(text: String(lines[2])))
        #expect("\(noted.pid) \(noted.session)" == "\(lines[3]) \(lines[3])")
        #expect(!FileManager.default.fileExists(atPath: note))
    }

    @Test
    func `a session that cannot be noted is started later, and is no failure`() throws {
        var attempt = try attempt("exit 0")
        attempt.trace = AttemptTrace(
            token: attempt.trace.token,
            marks: attempt.trace.marks,
            stateFolder: "/nowhere"
        )
        let error = #expect(throws: SpawnError.self) { try attempt.run() }
        #expect(error?.step == .note)
        #expect(error?.isPermanent == false)
    }

    @Test
    func `a handler that prints nothing for too long is stopped`() throws {
        var attempt = try attempt("echo started; exec sleep 600")
        attempt.idleTimeout = .milliseconds(50)
        let end = try attempt.run()
        #expect(end.stopped == .wentQuiet)
        #expect(end.exit == .signal(SIGTERM))
    }

    @Test
    func `a handler that prints now and then may take longer than it may be quiet`() throws {
        var attempt = try attempt("for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 1.4; done")
        attempt.idleTimeout = .seconds(10)
        let end = try attempt.run()
        #expect(end.stopped == nil)
        #expect(end.exit == .code(0))
    }

    // MARK: What a handler finds

    @Test
    func `a handler has three descriptors and a session of its own`() throws {
        let end = try run("ls /proc/self/fd | tr '\\n' ' '; ps -o sid= -p $$ | tr -d ' '; echo $$")
        let words = end.output.map(text)?.split(whereSeparator: \.isWhitespace).map(String.init)
        let found = try #require(words)
        // The fourth is the folder that ls has open itself.
        #expect(found.prefix(3) == ["0", "1", "2"])
        #expect(found.count == 6)
        #expect(found.dropLast().last == found.last)
    }

    @Test
    func `no signal is ignored or blocked in a handler`() throws {
        // This process ignores SIGPIPE, as the worker does.
        let end = try run("grep -E '^Sig(Blk|Ign)' /proc/self/status")
        let masks = try #require(end.output.map(text)).split(whereSeparator: \.isWhitespace)
            .compactMap { UInt64($0, radix: 16) }
        // Signals 32 and 33 belong to the C library, which ignores them in whatever it starts.
        let ofTheLibrary: UInt64 = 0x1_8000_0000
        #expect(masks.map { $0 & ~ofTheLibrary } == [0, 0])
    }

    @Test
    func `a handler has the environment it is given, and nothing else`() throws {
        var attempt = try attempt("")
        attempt.command = ["/usr/bin/env"]
        attempt.environment = ["ONE=1", "EMPTY=", "TEXT=a b\nc"]
        #expect(try attempt.run().output.map(text) == "ONE=1\nEMPTY=\nTEXT=a b\nc\n")
    }

    @Test
    func `arguments arrive as they are written`() throws {
        var attempt = try attempt("")
        attempt.command = ["/usr/bin/printf", "[%s]", "$HOME", "a b", "", "*", "ü"]
        #expect(try attempt.run().output.map(text) == "[$HOME][a b][][*][ü]")
    }

    @Test
    func `a handler runs in its folder`() async throws {
        try await withTemporaryFolder { folder in
            var attempt = try attempt("pwd -P")
            attempt.directory = folder
            let output = try attempt.run().output.map(text)
            let real = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
            #expect(output == real + "\n")
        }
    }

    // MARK: What cannot be started

    @Test
    func `a program that cannot be executed is an error that stays`() async throws {
        try await withTemporaryFolder { folder in
            try write("text", to: "\(folder)/plain", mode: 0o644)
            try write("no shebang", to: "\(folder)/executable", mode: 0o755)
            try write("#!/no/interpreter\n", to: "\(folder)/script", mode: 0o755)
            let expected: [(String, Int32)] = [
                ("/missing", ENOENT), ("", EACCES), ("/plain", EACCES), ("/plain/x", ENOTDIR),
                ("/executable", ENOEXEC), ("/script", ENOENT),
            ]
            for (name, code) in expected {
                var attempt = try attempt("")
                attempt.command = [folder + name]
                let error = #expect(throws: SpawnError.self, "\(name)") { try attempt.run() }
                #expect(error?.code == code, "\(name)")
                #expect(error?.isPermanent == true, "\(name)")
            }
            var attempt = try attempt("exit 0")
            attempt.directory = folder + "/nowhere"
            #expect(throws: SpawnError.self) { try attempt.run() }
        }
    }

    /// Closed on exec, as Foundation's writing is not: a program that another test starts at this
    /// moment would keep the file open, which then cannot be executed (ETXTBSY).
    private func write(_ text: String, to path: String, mode: mode_t) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode)
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    @Test(arguments: [EAGAIN, ENOMEM, EMFILE, ENFILE])
    func `a machine that is out of something is worth another attempt`(code: Int32) {
        #expect(!SpawnError(code: code).isPermanent)
        #expect(!SpawnError(code: code).description.isEmpty)
    }

    @Test
    func `attempts leave no descriptor open`() async {
        // In a process of its own: others open and close files meanwhile.
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_IGN)
            func attempt(_ program: String, timeout: Duration) throws -> ExecAttempt {
                ExecAttempt(
                    command: ["/bin/sh", "-c", program],
                    environment: [],
                    directory: nil,
                    input: Data(repeating: 0x41, count: 100_000),
                    timeout: timeout,
                    grace: .milliseconds(10),
                    control: try ExecControl(),
                    trace: .sample()
                )
            }
            func runAll() throws {
                _ = try attempt("cat", timeout: .seconds(400)).run()
                _ = try attempt("exit 1", timeout: .seconds(400)).run()
                _ = try attempt("sleep 1000", timeout: .milliseconds(1)).run()
                var missing = try attempt("", timeout: .seconds(400))
                missing.command = ["/missing"]
                #expect(throws: SpawnError.self) { try missing.run() }
            }
            try runAll()
            let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            for _ in 0..<3 { try runAll() }
            let after = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            #expect(after == before)
        }
    }

    // MARK: Parts

    private func attempt(
        _ program: String,
        input: Data = Data(),
        timeout: Duration = .seconds(400),
        grace: Duration = .seconds(10),
        control: ExecControl
    ) -> ExecAttempt {
        signal(SIGPIPE, SIG_IGN)
        return ExecAttempt(
            command: ["/bin/sh", "-c", program],
            environment: ["PATH=/usr/bin:/bin"],
            directory: nil,
            input: input,
            timeout: timeout,
            grace: grace,
            control: control,
            trace: .sample()
        )
    }

    private func attempt(_ program: String) throws -> ExecAttempt {
        attempt(program, control: try ExecControl())
    }

    private func run(
        _ program: String,
        input: Data = Data(),
        timeout: Duration = .seconds(400),
        grace: Duration = .seconds(10),
        control: ExecControl? = nil
    ) throws -> ExecAttempt.End {
        try attempt(
            program,
            input: input,
            timeout: timeout,
            grace: grace,
            control: control ?? ExecControl()
        ).run()
    }

    private func text(_ output: AttemptOutput) -> String {
        String(decoding: output.kept, as: UTF8.self)
    }

    /// A killed child that its parent left behind may stay a zombie until somebody reaps it.
    private func isGone(_ pid: Int32) -> Bool {
        for _ in 0..<1_000_000 {
            guard
                let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            else { return true }
            if status.split(separator: " ").dropFirst(2).first == "Z" { return true }
            sched_yield()
        }
        return false
    }
}
