import Foundation
import Program

/// Where results go.
enum StandardOutput {
    /// Writes bytes, all of them.
    ///
    /// - Throws: `.internal` when they cannot be written, because the disk is full for example: a
    ///   result that is cut short must not look like success.
    static func write(_ bytes: Data) throws(Failure) {
        do {
            try FileHandle.standardOutput.write(contentsOf: bytes)
        } catch {
            throw Failure(
                .internal,
                "cannot write to standard output: \(error.localizedDescription)"
            )
        }
    }

    /// Writes text; on a terminal, nothing in it but our own colours is obeyed.
    ///
    /// Cells and messages are made fit where they are made; this is for what that forgot.
    static func write(_ text: String) throws(Failure) {
        try write(Data((isTerminal ? VisibleText.painted(text) : text).utf8))
    }

    /// Writes bytes that strangers wrote: exactly, but on a terminal with everything shown that it
    /// would obey, unless `isRaw`.
    static func write(stored bytes: Data, isRaw: Bool) throws(Failure) {
        try write(isTerminal && !isRaw ? shown(bytes) : bytes)
    }

    /// Such bytes as a terminal may see them, ending with a line feed.
    static func shown(_ bytes: Data) -> Data {
        let text = VisibleText.lines(String(decoding: bytes, as: UTF8.self))
        return Data((text.isEmpty || text.hasSuffix("\n") ? text : text + "\n").utf8)
    }

    private static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
}

/// Where remarks beside the result go.
enum StandardError {
    /// Writes a line.
    static func note(_ line: String) {
        write(line + "\n")
    }

    /// Writes text, none of which a terminal obeys.
    static func write(_ text: String) {
        // Nobody reads it any more; the result itself is not in danger.
        try? FileHandle.standardError.write(contentsOf: Data(VisibleText.lines(text).utf8))
    }
}
