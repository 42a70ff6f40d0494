import Foundation

/// What standard output can show.
struct Terminal: Equatable, Sendable {
    /// Characters in a line; nil when output goes to a file or a program, which get all of it.
    var width: Int?

    /// Whether colours are wanted.
    var hasColor: Bool

    /// Output that is read by a program or kept in a file.
    static let none = Terminal(width: nil, hasColor: false)

    /// Standard output as it is now.
    ///
    /// - Source: no-color.org
    static func standardOutput() -> Terminal {
        guard isatty(STDOUT_FILENO) == 1 else { return .none }
        let environment = ProcessInfo.processInfo.environment
        let hasColor = environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return Terminal(width: nil, hasColor: hasColor)
        }
        return Terminal(width: Int(size.ws_col), hasColor: hasColor)
    }
}

/// How a cell stands out on a terminal with colours.
enum Tone: Equatable, Sendable {
    case plain
    case quiet
    case good
    case bad
    case attention

    /// The text in this tone (ECMA-48, SGR).
    func paint(_ text: String) -> String {
        switch self {
        case .plain: text
        case .quiet, .good, .bad, .attention: mark + text + Self.end
        }
    }

    private var mark: String {
        switch self {
        case .plain: ""
        case .quiet: "\u{1B}[2m"
        case .good: "\u{1B}[32m"
        case .bad: "\u{1B}[31m"
        case .attention: "\u{1B}[33m"
        }
    }

    private static let end = "\u{1B}[0m"

    /// All that painted text has in it besides text.
    static let marks = [Tone.quiet, .good, .bad, .attention].map(\.mark) + [end]
}
