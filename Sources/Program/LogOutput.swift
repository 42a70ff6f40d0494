import Foundation
import Logging
import Settings
import Synchronization
package import Telemetry

/// Where lines of the log wait to be written, and the one thread that writes them.
///
/// Whoever logs never waits: neither an event loop nor the store's thread may stand still because a
/// pipe is full. When its reader stalls, lines are dropped, counted, and told of in the next one.
package final class LogOutput: Sendable {
    private struct State {
        var form: LogForm
        var lines: [String] = []
        var bytes = 0
        /// Since the last line that is still to be written.
        var dropped = 0
        var isWriting = false
    }

    /// What this process writes to; nil before ``ServiceLog/bootstrap(program:)``.
    package static var current: LogOutput? { shared.withLock(\.self) }

    private static let shared = Mutex<LogOutput?>(nil)

    /// Lines of this process that nobody will read.
    package static let dropped = Counter(
        "samovar_log_lines_dropped_total",
        "Lines of the log that were dropped because its reader was too slow, or gone."
    )

    private let program: String
    private let descriptor: Int32
    private let state: Mutex<State>
    private let levelIndex: Atomic<Int>
    private let news = DispatchSemaphore(value: 0)

    /// Starts the writing thread on standard error.
    static func start(program: String) -> LogOutput {
        let output = LogOutput(program: program, descriptor: 2, form: LogForm(.auto))
        shared.withLock { $0 = output }
        return output
    }

    init(program: String, descriptor: Int32, form: LogForm) {
        self.program = program
        self.descriptor = descriptor
        state = Mutex(State(form: form))
        levelIndex = Atomic(Self.index(of: .info))
        // Ends with the process.
        Thread.detachNewThread { [self] in writeForever() }
    }

    /// The least level that is written.
    var level: Logger.Level { Logger.Level.allCases[levelIndex.load(ordering: .relaxed)] }

    func follow(_ settings: LogSettings) {
        let level: Logger.Level =
            switch settings.level {
            case .debug: .debug
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
        levelIndex.store(Self.index(of: level), ordering: .relaxed)
        let form = LogForm(settings.format)
        state.withLock { $0.form = form }
    }

    private static func index(of level: Logger.Level) -> Int {
        guard let index = Logger.Level.allCases.firstIndex(of: level) else {
            preconditionFailure("all cases are all")
        }
        return index
    }

    // MARK: Whoever logs

    /// Puts a line into the queue, or drops it when that is full.
    func write(_ render: (LogForm) -> String) {
        let form = state.withLock { state -> LogForm? in
            guard state.bytes < LogLimits.waitingBytes else {
                state.dropped += 1
                return nil
            }
            return state.form
        }
        guard let form else {
            Self.dropped.add()
            return
        }
        let line = render(form)
        let isFirst = state.withLock { state in
            if state.dropped > 0 {
                state.lines.append(dropNote(state.dropped).text(form))
                state.dropped = 0
            }
            state.lines.append(line)
            state.bytes += line.utf8.count
            return state.lines.count <= 2
        }
        // The others are taken with the first.
        if isFirst { news.signal() }
    }

    private func dropNote(_ count: Int) -> LogLine {
        LogLine(
            level: .warning,
            program: program,
            message: "the log's reader is too slow, lines were dropped",
            metadata: ["lines.dropped": "\(count)"]
        )
    }

    /// Writes an error of the program's end like a line of the log, when that is for machines.
    ///
    /// - Returns: false when it is for people, who read it better without time and level.
    func writeForMachines(_ message: String, hint: String?) -> Bool {
        guard state.withLock({ $0.form == .json }) else { return false }
        var line = LogLine(level: .critical, program: program, message: message, metadata: [:])
        if let hint { line.metadata["hint"] = "\(hint)" }
        let text = line.text(.json)
        write { _ in text }
        flush()
        return true
    }

    /// Waits until all lines are written, a second at most: a reader that stalls must not keep a
    /// process from ending.
    package func flush() {
        let deadline = ContinuousClock.now + LogLimits.flush
        while state.withLock({ $0.isWriting || !$0.lines.isEmpty || $0.dropped > 0 }),
            ContinuousClock.now < deadline
        {
            usleep(1000)  // the end of a process, where nothing else has to be done
        }
    }

    // MARK: The writing thread

    private func writeForever() {
        // The end of a pipe's reader is an error of write(2) here, not a signal that ends us.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        while true {
            news.wait()
            let lines = state.withLock { state in
                if state.dropped > 0 {
                    state.lines.append(dropNote(state.dropped).text(state.form))
                    state.dropped = 0
                }
                defer {
                    state.lines = []
                    state.bytes = 0
                }
                state.isWriting = true
                return state.lines
            }
            write(lines)
            state.withLock { $0.isWriting = false }
            // Dropped meanwhile, and nobody may log again for long.
            if state.withLock({ $0.dropped > 0 }) { news.signal() }
        }
    }

    /// Whole lines, as many as the kernel writes to a pipe in one piece: `samovar up` and its
    /// services share one.
    private func write(_ lines: [String]) {
        var chunk: [UInt8] = []
        for line in lines {
            if chunk.count + line.utf8.count > LogLimits.pieceBytes, !chunk.isEmpty {
                writeAll(chunk)
                chunk.removeAll(keepingCapacity: true)
            }
            chunk += Array(line.utf8)
        }
        if !chunk.isEmpty { writeAll(chunk) }
    }

    private func writeAll(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Foundation.write(descriptor, bytes.baseAddress, bytes.count)
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Somebody who shares the pipe made it non-blocking.
                var events = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                unsafe poll(&events, 1, -1)
            } else if errno != EINTR {
                // A service goes on when nobody reads its log any more.
                Self.dropped.add(rest.count { $0 == UInt8(ascii: "\n") })
                return
            }
        }
    }
}

/// Numbers that are decisions, each with its reason.
enum LogLimits {
    /// Lines that wait for the writing thread: some 8000, seconds of a flood.
    static let waitingBytes = 1 << 20

    /// PIPE_BUF on Linux: what is longer may be torn apart by another writer (pipe(7)).
    static let pieceBytes = 4096

    /// One value in a line: the journal cuts lines at 48 KiB (LineMax=).
    static let valueBytes = 8 << 10

    /// How long the end of a process waits for its last lines.
    static let flush = Duration.seconds(1)
}
