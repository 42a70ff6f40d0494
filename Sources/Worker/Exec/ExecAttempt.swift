import Foundation
import QueueCore
import Spawn

/// One run of an exec handler, from start to end, on the calling thread.
///
/// One `poll` waits for everything that may happen: room in its standard input, output, its end,
/// an order to stop, the timeout, the end of the grace.
struct ExecAttempt {
    var command: [String]
    var environment: [String]
    var directory: String?
    var input: Data
    var timeout: Duration
    /// How long it may print nothing; nil for as long as it likes.
    var idleTimeout: Duration?
    /// From TERM to KILL.
    var grace = Duration.seconds(10)
    var control: ExecControl
    /// What its processes are found by when this worker is dead.
    var trace: AttemptTrace
    /// It is not started from here on, in microseconds of CLOCK_MONOTONIC.
    var latestStart: Int64 = .max
    /// Called once when something of it does not die: the attempt has no end as long as it lives.
    var somethingStays: @Sendable ([ProcessLife]) -> Void = { _ in }

    /// Asked when it ended with code 0: whether it said that the job is to run again all the same.
    var asksToRunAgain: @Sendable () -> Bool = { false }

    struct End {
        var exit: ChildProcess.Exit
        var stopped: StopReason?
        var output: AttemptOutput?
    }

    /// Runs the handler.
    ///
    /// On return its process is reaped and its process group killed. Unless it ended by itself with
    /// code 0, nothing of its session is left; if it was stopped, nothing that can be found at all.
    func run() throws(SpawnError) -> End {
        let inputPipe = try PipeEnds()
        let outputPipe: PipeEnds
        let child: ChildProcess
        do throws(SpawnError) {
            outputPipe = try PipeEnds()
        } catch {
            inputPipe.close()
            throw error
        }
        // Whoever finds a note of what never ran, or has ended, finds no such process.
        defer { trace.removeNote() }
        do throws(SpawnError) {
            child = try start(inputPipe, outputPipe)
        } catch {
            inputPipe.close()
            outputPipe.close()
            throw error
        }
        close(inputPipe.readEnd)
        close(outputPipe.writeEnd)
        var watch = Watch(
            attempt: self,
            child: child,
            input: inputPipe.writeEnd,
            output: outputPipe.readEnd
        )
        return watch.untilEnd()
    }

    private func start(
        _ input: PipeEnds,
        _ output: PipeEnds
    ) throws(SpawnError) -> ChildProcess {
        let note = try SessionNote.make(for: trace, output: output.writeEnd)
        defer { close(note) }
        return try ChildProcess(
            command: command,
            environment: environment,
            directory: directory,
            standardInput: input.readEnd,
            standardOutput: output.writeEnd,
            standardError: output.writeEnd,
            note: note,
            latestStart: latestStart
        )
    }
}

/// A handler's process while it runs.
private struct Watch {
    private let child: ChildProcess
    private let control: ExecControl
    private let grace: Duration
    private let session: AttemptSession
    private let somethingStays: @Sendable ([ProcessLife]) -> Void
    private let asksToRunAgain: @Sendable () -> Bool
    private var unwritten: Data.SubSequence
    private var input: Int32
    private var output: Int32
    private var kept = OutputKeeper()
    /// When it is stopped, or killed once it was told to stop.
    private var deadline: ContinuousClock.Instant
    private let idleTimeout: Duration?
    /// When it was last heard of.
    private var lastOutput = ContinuousClock.now
    private var stopped: StopReason?
    private var isKilled = false
    /// As much as a pipe holds.
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    init(attempt: ExecAttempt, child: ChildProcess, input: Int32, output: Int32) {
        self.child = child
        self.input = input
        self.output = output
        control = attempt.control
        grace = attempt.grace
        session = AttemptSession(child, attempt.trace)
        somethingStays = attempt.somethingStays
        asksToRunAgain = attempt.asksToRunAgain
        unwritten = attempt.input[...]
        deadline = .now + attempt.timeout
        idleTimeout = attempt.idleTimeout
        for descriptor in [input, output] {
            let result = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            precondition(result == 0, "F_SETFL on a fresh pipe: \(errno)")
        }
        if attempt.input.isEmpty { closeInput() }
    }

    mutating func untilEnd() -> ExecAttempt.End {
        while !waitOnce() {}
        // Before the leader is reaped: until then its pid, and so the group's and the session's, is
        // not reused.
        child.signalGroup(SIGKILL)
        if stopped != nil {
            session.killAll(.found, somethingStays)
        } else if child.awaitEnd() != .code(0) || asksToRunAgain() {
            // The job runs again: beside what timeout(1) or `set -m` put into groups of their own.
            session.killAll(.inSession, somethingStays)
        }
        // What was printed before is in the pipe; whoever left the group may hold it open and go
        // on printing, and is not waited for: a full pipe is 64 KiB, one read.
        readOutput()
        closeInput()
        if output >= 0 { close(output) }
        return ExecAttempt.End(exit: child.reap(), stopped: stopped, output: kept.output)
    }

    /// - Returns: true when the process has ended.
    private mutating func waitOnce() -> Bool {
        // A negative descriptor is passed over: poll(2).
        var events = [
            pollfd(fd: child.exitDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: control.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
        ]
        let next = quietDeadline.map { min($0, deadline) } ?? deadline
        let wait = max(next - .now, .zero).microseconds / 1000 + 1
        let ready = unsafe poll(&events, nfds_t(events.count), Int32(min(wait, 3_600_000)))
        precondition(ready >= 0 || errno == EINTR, "poll on open descriptors: \(errno)")
        guard ready >= 0 else { return false }
        if events[2].revents != 0 { readOutput() }
        if events[3].revents != 0 { writeInput() }
        // Its end first: an order that comes too late must not make a done job run again.
        if events[0].revents != 0 { return true }
        if events[1].revents != 0, let order = control.take() {
            stop(order.reason, kill: order.kill)
        }
        let now = ContinuousClock.now
        if now >= deadline {
            stop(.timedOut, kill: stopped != nil)
        } else if let quietDeadline, now >= quietDeadline {
            stop(.wentQuiet, kill: false)
        }
        return false
    }

    /// Nil when it may be quiet, or was told to stop.
    private var quietDeadline: ContinuousClock.Instant? {
        stopped == nil ? idleTimeout.map { lastOutput + $0 } : nil
    }

    /// TERM first; KILL when asked for, or when the grace is over.
    private mutating func stop(_ reason: StopReason, kill: Bool) {
        if kill, !isKilled {
            isKilled = true
            child.signalGroup(SIGKILL)
        } else if stopped == nil {
            session.signalAll(SIGTERM)
        }
        if stopped == nil {
            stopped = reason
            deadline = .now + grace
        }
        // Killed processes end soon; there is nothing left to do at a deadline.
        if isKilled { deadline = .now + .seconds(3600) }
    }

    /// One read: a handler that prints without end must not keep its thread from the deadline.
    private mutating func readOutput() {
        guard output >= 0 else { return }
        let count = unsafe read(output, &buffer, buffer.count)
        if count > 0 {
            kept.append(buffer[..<count])
            lastOutput = .now
        } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
            close(output)
            output = -1
        }
    }

    private mutating func writeInput() {
        while input >= 0, !unwritten.isEmpty {
            let count = unsafe unwritten.withUnsafeBytes { bytes in
                unsafe write(input, bytes.baseAddress, bytes.count)
            }
            if count > 0 {
                unwritten = unwritten.dropFirst(count)
                continue
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            // EPIPE: it does not want to read the rest, which is its right.
            unwritten = unwritten.dropFirst(unwritten.count)
        }
        closeInput()
    }

    private mutating func closeInput() {
        guard input >= 0 else { return }
        close(input)
        input = -1
    }
}
