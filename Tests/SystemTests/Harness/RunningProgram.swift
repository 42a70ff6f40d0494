import Foundation
import Spawn
import Synchronization
import TestSupport

/// A program that a test started.
///
/// What it prints is read all the time, so that it never waits for the test.
final class RunningProgram: Sendable {
    private let child: ChildProcess
    private let name: String
    private let printed = Mutex((text: "", isComplete: false))
    private let end = Mutex<ChildProcess.Exit?>(nil)

    /// Starts a program, its standard input empty, both outputs in one.
    ///
    /// - Parameters:
    ///   - command: its path and its arguments.
    ///   - environment: all of it.
    ///   - folder: where it runs.
    ///   - sockets: at most two descriptors, in the place of standard input and standard output.
    /// - Throws: what keeps it from being started.
    init(
        _ command: [String],
        environment: [String: String],
        folder: String,
        sockets: [Int32] = []
    ) throws {
        name = command.map { ($0 as NSString).lastPathComponent }.joined(separator: " ")
        let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        precondition(nothing >= 0, "cannot open /dev/null: \(errno)")
        defer { close(nothing) }
        let output = try PipeEnds()
        do {
            child = try ChildProcess(
                command: command,
                environment: environment.map { "\($0.key)=\($0.value)" },
                directory: folder,
                standardInput: sockets.first ?? nothing,
                standardOutput: sockets.dropFirst().first ?? output.writeEnd,
                standardError: output.writeEnd
            )
        } catch {
            output.close()
            throw error
        }
        close(output.writeEnd)
        let readEnd = output.readEnd
        // Ends when nobody can print any more.
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            while true {
                let count = unsafe read(readEnd, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                let text = String(decoding: buffer[..<count], as: UTF8.self)
                printed.withLock { $0.text += text }
            }
            close(readEnd)
            printed.withLock { $0.isComplete = true }
        }
    }

    var pid: Int32 { child.pid }

    /// All that it printed so far.
    var output: String { printed.withLock(\.text) }

    /// Waits until it has printed something.
    ///
    /// - Returns: the first whole line that contains it.
    @discardableResult
    func awaitLine(_ part: String) throws -> Substring {
        try waitFor("\(name) to print '\(part)'") {
            let (output, isComplete) = printed.withLock(\.self)
            // What follows the last line break is not a whole line yet.
            let lines = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.contains(part) }) { return line }
            if isComplete { throw EndedEarly(program: name, output: output) }
            return nil
        }
    }

    /// Sends a signal to the program, and to the one that it runs under, if any.
    func signal(_ signal: Int32) {
        end.withLock { end in
            // A reaped pid may be another process by now.
            if end == nil { child.signalGroup(signal) }
        }
    }

    /// Waits for its end, and for the end of what it prints.
    @discardableResult
    func awaitExit() throws -> ChildProcess.Exit {
        try waitFor("\(name) to end") {
            printed.withLock(\.isComplete) ? exitIfEnded() : nil
        }
    }

    /// Whether it has ended.
    var hasEnded: Bool { exitIfEnded() != nil }

    /// Ends it, however it is, and waits until it is gone.
    func killNow() {
        signal(SIGKILL)
        // A killed process ends within the deadline, or the machine hangs.
        _ = try? awaitExit()
    }

    private func exitIfEnded() -> ChildProcess.Exit? {
        end.withLock { end in
            if let end { return end }
            var events = pollfd(fd: child.exitDescriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&events, 1, 0) > 0 else { return nil }
            let exit = child.reap()
            end = exit
            return exit
        }
    }
}

/// A program ended before it did what a test waited for.
struct EndedEarly: Error, CustomStringConvertible {
    var program: String
    var output: String

    var description: String { "\(program) ended early:\n\(output)" }
}
