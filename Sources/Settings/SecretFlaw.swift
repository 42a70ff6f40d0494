/// Why the bytes of a secret's file are not what an editor shows.
///
/// Gitea's secrets are one line of text. Each of these made every delivery a 401, with nothing to be
/// seen in the file.
struct SecretFlaw: Equatable {
    /// Completes a sentence that begins with the file's name; nothing of the secret is in it.
    let finding: String

    /// What to do about it.
    let remedy: String

    /// Whether no secret that is entered in Gitea can be equal to it.
    let isCertain: Bool

    private init(_ finding: String, _ remedy: String, isCertain: Bool = false) {
        self.finding = finding
        self.remedy = remedy
        self.isCertain = isCertain
    }

    /// Nil when the bytes, which have lost one line break at the end, are what they look like.
    init?(in bytes: [UInt8]) {
        let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
        guard !isUTF16, !bytes.contains(0) else {
            self.init(
                "is UTF-16, or holds a NUL byte",
                "save it as UTF-8 (iconv -f UTF-16 -t UTF-8 makes it so)",
                isCertain: true
            )
            return
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            self.init(
                "is no text in UTF-8",
                "'openssl rand -hex 32' prints a secret that can be entered in Gitea",
                isCertain: true
            )
            return
        }
        self.init(in: Array(text.unicodeScalars))
    }

    private init?(in scalars: [Unicode.Scalar]) {
        if scalars.first == "\u{FEFF}" {
            self.init(
                "begins with a byte order mark",
                "save it as UTF-8 without one",
                isCertain: true
            )
        } else if scalars.contains(where: { $0 == "\n" || $0 == "\r" }) {
            self.init(
                "has more than one line, or several line breaks at its end",
                "only one line break at the end is left out; remove the others",
                isCertain: true
            )
        } else if let index = Self.invisible(in: scalars) {
            let verb = index == 0 ? "begins with" : index == scalars.count - 1 ? "ends with" : "has"
            self.init("\(verb) \(Self.name(scalars[index])), which counts", "remove it")
        } else if Self.isQuoted(scalars) {
            self.init("is in quotes, which count", "remove them")
        } else if Self.isAssignment(scalars) {
            self.init("holds NAME=value, all of which counts", "keep the value alone")
        } else {
            return nil
        }
    }

    /// Where something stands that nobody sees: a space only at an end.
    private static func invisible(in scalars: [Unicode.Scalar]) -> Int? {
        scalars.indices.first { index in
            switch scalars[index].properties.generalCategory {
            case .spaceSeparator:
                scalars[index] != " " || index == 0 || index == scalars.count - 1
            case .control, .format, .lineSeparator, .paragraphSeparator: true
            default: false
            }
        }
    }

    private static func name(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case " ": return "a space"
        case "\t": return "a tab"
        default:
            let digits = String(scalar.value, radix: 16, uppercase: true)
            let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
            return "the invisible character U+\(zeros)\(digits)"
        }
    }

    private static func isQuoted(_ scalars: [Unicode.Scalar]) -> Bool {
        guard scalars.count > 2, let first = scalars.first, first == scalars.last else {
            return false
        }
        return first == "\"" || first == "'" || first == "`"
    }

    /// `NAME=value` as in a file of variables; the end of a Base64 text is none.
    private static func isAssignment(_ scalars: [Unicode.Scalar]) -> Bool {
        let words = String(String.UnicodeScalarView(scalars)).split(separator: " ")
        let text = words.first == "export" && words.count > 1 ? words[1] : words.first ?? ""
        let name = text.utf8.prefix { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
        let rest = text.utf8.dropFirst(name.count)
        guard let first = name.first, !first.isDigit, rest.first == UInt8(ascii: "=") else {
            return false
        }
        return rest.contains { $0 != UInt8(ascii: "=") }
    }
}
