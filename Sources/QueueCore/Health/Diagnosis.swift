/// What one check says of a store or of what is around it.
package struct Diagnosis: Equatable, Sendable {
    /// How bad it is; only the last two are findings.
    package enum Level: String, CaseIterable, Sendable {
        case ok
        /// Worth knowing, and nobody has to do anything.
        case note
        /// It works, and somebody should look.
        case warning
        /// Something is broken.
        case failure
    }

    /// What a check is about, in the order people read them in.
    package enum Subject: String, CaseIterable, Sendable {
        case file
        case rows
        case schema
        case log
        case work
        case site
    }

    package var subject: Subject
    /// Names the check for programs.
    package var check: String
    package var level: Level
    /// What is so, on one line.
    package var text: String
    /// What to do about it.
    package var hint: String?

    package init(
        _ subject: Subject,
        _ check: String,
        _ level: Level,
        _ text: String,
        hint: String? = nil
    ) {
        self.subject = subject
        self.check = check
        self.level = level
        self.text = text
        self.hint = hint
    }

    /// Whether somebody should do something.
    package var isFinding: Bool {
        switch level {
        case .ok, .note: false
        case .warning, .failure: true
        }
    }
}
