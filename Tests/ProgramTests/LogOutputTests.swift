import Foundation
import Logging
import Settings
import Spawn
import Telemetry
import TestSupport
import Testing

@testable import Program

@Suite
struct LogOutputTests {
    /// A pipe whose reader does what a test says.
    private struct Pipe {
        private let ends: PipeEnds

        init() throws {
            ends = try PipeEnds()
        }

        var readEnd: Int32 { ends.readEnd }
        var writeEnd: Int32 { ends.writeEnd }

        /// Reads until a whole line has come that contains a text.
        ///
        /// - Returns: all that was read; what came together with that line as well.
        func read(untilLineWith part: String) throws -> String {
            try read(until: "'\(part)'") { $0.contains(part) }
        }

        /// Reads until a whole line has come that is the last one wanted, and returns all that came.
        func read(until what: String, _ isLast: (String) -> Bool) throws -> String {
            var bytes: [UInt8] = []
            var line = 0
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = unsafe Glibc.read(readEnd, &buffer, buffer.count)
                try #require(count > 0, "the pipe ended before \(what)")
                bytes += buffer[..<count]
                while let end = bytes[line...].firstIndex(of: UInt8(ascii: "\n")) {
                    let isIt = isLast(String(decoding: bytes[line..<end], as: UTF8.self))
                    if isIt { return String(decoding: bytes, as: UTF8.self) }
                    line = end + 1
                }
            }
        }
    }

    private func output(_ pipe: Pipe) -> LogOutput {
        LogOutput(program: "test", descriptor: pipe.writeEnd, form: .json)
    }

    @Test
    func `lines come in their order`() async throws {
        let pipe = try Pipe()
        let output = output(pipe)
        for number in 0..<2000 { output.write { _ in "line \(number)\n" } }
        output.write { _ in "end\n" }
        let text = try await onThread { try pipe.read(untilLineWith: "end") }
        #expect(text == (0..<2000).map { "line \($0)\n" }.joined() + "end\n")
    }

    @Test
    func `a reader that stalls stops nobody, and learns how much it missed`() async throws {
        let pipe = try Pipe()
        let output = output(pipe)
        let line = String(repeating: "x", count: 1023) + "\n"
        let before = LogOutput.dropped.value
        // Six times what the queue and the pipe hold: this would not return if it waited.
        for _ in 0..<8192 { output.write { _ in line } }
        #expect(LogOutput.dropped.value > before)
        // One line tells of them, or several: some may be written while others still come.
        try await onThread {
            var known = 0
            _ = try pipe.read(until: "all lines to be there or told of") { line in
                if line.hasPrefix("xxx") { known += 1 }
                let dropped = line.firstMatch(of: /"lines.dropped":"(\d+)"/)?.output.1
                known += dropped.flatMap { Int($0) } ?? 0
                return known >= 8192
            }
            #expect(known == 8192)
        }
        output.write { _ in "goes on\n" }
        _ = try await onThread { try pipe.read(untilLineWith: "goes on") }
    }

    @Test
    func `the end of a process waits for its last lines, but not for a reader that stalls`() throws
    {
        let pipe = try Pipe()
        let output = output(pipe)
        output.write { _ in "last words\n" }
        output.flush()
        #expect(try pipe.read(untilLineWith: "last words") == "last words\n")
        for _ in 0..<8192 { output.write { _ in String(repeating: "x", count: 1023) + "\n" } }
        // Returns, which is the point; nobody reads.
        output.flush()
    }

    @Test
    func `a reader that is gone ends nothing`() throws {
        let pipe = try Pipe()
        let output = output(pipe)
        close(pipe.readEnd)
        let before = LogOutput.dropped.value
        output.write { _ in "nobody hears\n" }
        output.flush()
        try waitUntil("the loss to be counted") { LogOutput.dropped.value > before }
    }

    @Test
    func `form and level follow the configuration`() throws {
        let pipe = try Pipe()
        let output = output(pipe)
        #expect(output.level == .info)
        output.follow(LogSettings(format: .text, level: .debug))
        #expect(output.level == .debug)
        output.write { form in "\(form)\n" }
        #expect(try pipe.read(untilLineWith: "text(").hasPrefix("text("))
    }

    private func onThread<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withTaskExecutorPreference(BlockingThreads.shared) { try body() }
    }
}
