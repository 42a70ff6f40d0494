/// Everything that keeps a configuration from being used, in the order of the file.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The mistakes; never empty.
    package let diagnostics: [Diagnostic]

    /// Gathers mistakes.
    ///
    /// - Parameter diagnostics: at least one.
    package init(_ diagnostics: [Diagnostic]) {
        precondition(!diagnostics.isEmpty, "an error has a reason")
        self.diagnostics = diagnostics
    }

    /// One line for each mistake.
    package var description: String {
        diagnostics.map(\.description).joined(separator: "\n")
    }

    /// Never: the same file gives the same mistakes.
    package var isTransient: Bool { false }

    /// What to do about it, in one sentence.
    package var operatorHint: String {
        diagnostics.count == 1
            ? "Correct this in the configuration."
            : "Correct these \(diagnostics.count) in the configuration."
    }
}
