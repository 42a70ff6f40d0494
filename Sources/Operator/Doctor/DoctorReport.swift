import QueueCore

/// All that a doctor found, for people and programs.
struct DoctorReport {
    var store: String
    var diagnoses: [Diagnosis]

    var hasFindings: Bool { diagnoses.contains(where: \.isFinding) }

    func count(_ level: Diagnosis.Level) -> Int {
        diagnoses.count { $0.level == level }
    }

    /// One line for each check under its subject, hints beneath, and the sum on the last line.
    func text(on terminal: Terminal) -> String {
        func paint(_ text: String, _ tone: Tone) -> String {
            terminal.hasColor ? tone.paint(text) : text
        }
        let width = diagnoses.map(\.check.count).max() ?? 0
        var text = "\(VisibleText.line(store))\n"
        for subject in Diagnosis.Subject.allCases {
            let own = diagnoses.filter { $0.subject == subject }
            guard !own.isEmpty else { continue }
            text += "\n\(paint(subject.title, .quiet))\n"
            for diagnosis in own {
                let level = diagnosis.level.rawValue.padded(to: 7)
                text += "  \(paint(level, diagnosis.level.tone))  "
                text += "\(diagnosis.check.padded(to: width))  "
                text += "\(VisibleText.line(diagnosis.text))\n"
                guard let hint = diagnosis.hint, diagnosis.level != .ok else { continue }
                let indent = String(repeating: " ", count: 2 + 7 + 2 + width + 2)
                text += "\(indent)\(paint("-> " + VisibleText.line(hint), .quiet))\n"
            }
        }
        return text + "\n\(paint(summary, hasFindings ? .bad : .good))\n"
    }

    private var summary: String {
        let checks = Quantity.count(diagnoses.count, "check")
        let counts: [(Diagnosis.Level, String)] = [
            (.failure, "failure"), (.warning, "warning"), (.note, "note"),
        ]
        let found = counts.filter { count($0.0) > 0 }.map { Quantity.count(count($0.0), $0.1) }
        return "\(checks): " + (found.isEmpty ? "all is well" : found.joined(separator: ", "))
    }

    /// One object.
    var json: JSONValue {
        .object([
            ("store", .string(store)),
            ("failures", .integer(Int64(count(.failure)))),
            ("warnings", .integer(Int64(count(.warning)))),
            ("notes", .integer(Int64(count(.note)))),
            (
                "checks",
                .array(
                    diagnoses.map { diagnosis in
                        .object([
                            ("subject", .string(diagnosis.subject.rawValue)),
                            ("check", .string(diagnosis.check)),
                            ("level", .string(diagnosis.level.rawValue)),
                            ("text", .string(diagnosis.text)),
                            ("hint", .optional(diagnosis.hint)),
                        ])
                    }
                )
            ),
        ])
    }
}

extension Diagnosis.Subject {
    fileprivate var title: String {
        switch self {
        case .file: "the file"
        case .rows: "nothing disappears"
        case .schema: "schema and settings"
        case .log: "the log"
        case .work: "the work"
        case .site: "around it"
        }
    }
}

extension Diagnosis.Level {
    fileprivate var tone: Tone {
        switch self {
        case .ok: .good
        case .note: .plain
        case .warning: .attention
        case .failure: .bad
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
