/// A value of the file as messages repeat it: in quotes, on one line, not too long.
func quoted(_ text: String) -> String {
    let line = text.unicodeScalars.map { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse:
            scalar.escaped(asASCII: true)
        default: String(scalar)
        }
    }
    let short = line.prefix(Limits.quotedLengthMax).joined()
    return line.count > Limits.quotedLengthMax ? "'\(short)…'" : "'\(short)'"
}

/// The end of a message about a word that is not known: `; did you mean 'slots'?`, or nothing.
func suggestion(_ word: String, _ candidates: [String]) -> String {
    NearestWord.to(word, among: candidates).map { "; did you mean '\($0)'?" } ?? ""
}
