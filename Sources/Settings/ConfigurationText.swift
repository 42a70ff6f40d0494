/// The bytes of a configuration file as text.
enum ConfigurationText {
    /// Reads a file that must be UTF-8; a byte order mark is dropped.
    static func read(_ file: String) throws(ConfigurationError) -> String {
        let contents: FileContents
        do {
            contents = try FileContents(path: file, sizeMax: Limits.fileBytesMax)
        } catch {
            throw ConfigurationError([Diagnostic(file: file, message: message(for: error))])
        }
        let hasMark = contents.bytes.starts(with: [0xEF, 0xBB, 0xBF])
        let bytes = contents.bytes.dropFirst(hasMark ? 3 : 0)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let line = 1 + lineBreaksBeforeDamage(in: bytes)
            let diagnostic = Diagnostic(
                file: file,
                line: line,
                column: 1,
                message: "this line is not UTF-8"
            )
            throw ConfigurationError([diagnostic])
        }
        return text
    }

    private static func message(for problem: FileProblem) -> String {
        switch problem {
        case .missing: "does not exist; 'samovar init' makes one"
        case .denied: "cannot be read: permission denied"
        case .folder: "is a folder, not a file"
        case .special: "is not a regular file"
        case .tooLarge: "is larger than \(ByteSizeText.text(of: Limits.fileBytesMax))"
        case .other(let reason): "cannot be read: \(reason)"
        }
    }

    /// A line feed is never part of another character in UTF-8, so each line can be judged alone.
    private static func lineBreaksBeforeDamage(in bytes: ArraySlice<UInt8>) -> Int {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .prefix { String(validating: $0, as: UTF8.self) != nil }
            .count
    }
}
