import Settings

/// The lines of a text that may be commands: those that every renderer shows as its author's words.
///
/// A line counts when it can be a command by itself and every line before it is plain
/// (``PlainLine``). What follows cannot hide it: at most it makes a heading or a table's head.
struct CommentLines {
    /// Bytes of a text that may hold commands: who writes more than a few pages quotes, or attacks.
    static let bytesMax = 64 << 10

    /// The lines that count, without the space around them, in their order.
    private(set) var spoken: [String] = []

    /// The lines that would count, were it not for what stands before them or for their indent.
    private(set) var barred: [Barred] = []

    /// The number of the first line that is not plain; nil when all are.
    private(set) var barrier: Int?

    /// Whether the text is too long, and none of it was read.
    let isTooLong: Bool

    /// A line that does not count, and its number.
    struct Barred {
        let text: String
        let number: Int
    }

    /// Reads a comment; time and memory grow with its length alone.
    init(_ text: String) {
        isTooLong = text.utf8.count > Self.bytesMax
        guard !isTooLong else { return }
        for (number, line) in Self.lines(of: text).enumerated() {
            if barrier == nil, let command = PlainLine.command(in: line) {
                spoken.append(command)
            } else if let command = PlainLine.command(in: PlainLine.trimmed(line)) {
                barred.append(Barred(text: command, number: number + 1))
            }
            if barrier == nil, !PlainLine.isPlain(line) { barrier = number + 1 }
        }
    }

    /// The lines between line feeds.
    ///
    /// A carriage return in front of one belongs to it. Another one ends a line for some renderers
    /// and not for others: it stays in its line, which is not plain then.
    private static func lines(of text: String) -> [Substring.UnicodeScalarView] {
        let all = text.unicodeScalars
        return all.split(omittingEmptySubsequences: false) { $0 == "\n" }
            .map { line in line.last == "\r" ? line.dropLast() : line }
    }
}
