/// One finding in a configuration file, and where it is.
package struct Diagnostic: Sendable, Equatable, CustomStringConvertible {
    /// The file, as it was named by whoever asked for it.
    package var file: String

    /// The line, from 1; nil when the finding is about the whole file.
    package var line: Int?

    /// The column, from 1, counted in Unicode scalars; nil when the line is.
    package var column: Int?

    /// What is wrong, or doubtful, and where it helps what to do about it.
    package var message: String

    /// A finding; leave out line and column when it is about the whole file.
    package init(file: String, line: Int? = nil, column: Int? = nil, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// As compilers print it: `samovar.yaml:12:5: message`.
    package var description: String {
        let place = [line, column].compactMap(\.self).map { ":\($0)" }.joined()
        return "\(file)\(place): \(message)"
    }
}

extension Diagnostic {
    /// Whether this one stands earlier in the file; findings about the whole file come last.
    func stands(before other: Diagnostic) -> Bool {
        (line ?? .max, column ?? .max) < (other.line ?? .max, other.column ?? .max)
    }
}
