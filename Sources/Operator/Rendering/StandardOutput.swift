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

    /// Writes text.
    static func write(_ text: String) throws(Failure) {
        try write(Data(text.utf8))
    }
}

/// Where remarks beside the result go.
enum StandardError {
    /// Writes a line.
    static func note(_ line: String) {
        write(line + "\n")
    }

    /// Writes text.
    static func write(_ text: String) {
        // Nobody reads it any more; the result itself is not in danger.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
