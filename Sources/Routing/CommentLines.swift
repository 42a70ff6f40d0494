/// The lines of a comment in which its author speaks: those that may be commands.
///
/// Reads Markdown as Gitea shows it (CommonMark): lines inside of quotations, lists, code of any
/// kind, formulas and HTML comments are not spoken. Where a line could be read either way, it is
/// not.
enum CommentLines {
    /// Bytes of a comment that may hold commands: who writes more than a few pages quotes, or
    /// attacks.
    static let bytesMax = 64 << 10

    /// The spoken lines, without the white space around them.
    ///
    /// Time and memory grow with the length of the text alone.
    ///
    /// - Parameter text: the comment.
    /// - Returns: the lines, in their order; none of a text of more than `bytesMax` bytes.
    static func spoken(in text: String) -> [String] {
        guard text.utf8.count <= bytesMax else { return [] }
        var blocks = CommentBlocks(Array(text.utf8))
        blocks.read()
        return blocks.spoken.map { String(decoding: $0, as: UTF8.self) }
    }
}
