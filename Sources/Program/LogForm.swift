import Foundation
import Settings

/// How a line of the log looks.
enum LogForm: Equatable, Sendable {
    /// For a terminal, and for files: time, level, program, message, details.
    case text(isColored: Bool)
    /// For the journal, which adds time and program itself and reads the level from a prefix.
    case journal
    /// For machines.
    case json

    /// The form that the settings ask for, on this standard error.
    init(_ format: LogSettings.Format) {
        switch format {
        case .json: self = .json
        case .text: self = .text(isColored: Self.isTerminal)
        case .auto: self = Self.isJournal ? .journal : .text(isColored: Self.isTerminal)
        }
    }

    private static var isTerminal: Bool { isatty(2) == 1 }

    /// Whether standard error is the stream that systemd made for the journal.
    ///
    /// - Source: systemd.exec(5), `$JOURNAL_STREAM`: device and inode, inherited also by those
    ///   whose standard error is something else by now.
    private static var isJournal: Bool {
        guard let stream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] else {
            return false
        }
        var status = stat()
        guard unsafe fstat(2, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }
}
