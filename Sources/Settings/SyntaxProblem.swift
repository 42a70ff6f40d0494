import Yams

/// Why a text is no YAML, in one line.
struct SyntaxProblem {
    private let message: String
    private let place: Place?

    /// Takes apart what Yams throws.
    ///
    /// An error in the lines that a short text was padded with is one at its end.
    init(_ error: any Error, text: String, end: Place) {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            self.init(problem, context, mark, text: text, end)
        case YamlError.reader(let problem, let offset, _, _):
            self.init(
                message: "not valid YAML: \(problem)",
                place: offset.map { Place(offset: $0, in: text) }
            )
        default:
            self.init(message: "not valid YAML: \(error)", place: nil)
        }
    }

    private init(message: String, place: Place?) {
        self.message = message
        self.place = place
    }

    private init(
        _ problem: String,
        _ context: YamlError.Context?,
        _ mark: Mark,
        text: String,
        _ end: Place
    ) {
        func bounded(_ mark: Mark) -> Place { mark.line > end.line ? end : Place(mark) }
        switch context?.text {
        case nil:
            place = bounded(mark)
            message = "not valid YAML: \(problem)"
        case "while scanning an alias":
            // `on: *`, where the place of the problem is behind the asterisk.
            place = bounded(context?.mark ?? mark)
            message = "not valid YAML: text that starts with '*' needs quotes, as in \"*\""
        case "while scanning a quoted scalar" where problem.contains("unexpected end of stream"):
            place = bounded(context?.mark ?? mark)
            message = "not valid YAML: the quotation mark that opens here is never closed"
        case "while scanning for the next token" where Self.isTab(at: Place(mark), in: text),
            _ where problem.contains("a tab character"):
            place = bounded(mark)
            message = "not valid YAML: a tab stands here; indent with spaces"
        case "expected a single document in the stream":
            place = bounded(mark)
            message = "a second document starts here; only one is allowed"
        case let text?:
            let line = bounded(context?.mark ?? mark).line
            place = bounded(mark)
            message = "not valid YAML: \(problem) \(text) on line \(line)"
        }
    }

    private static func isTab(at place: Place, in text: String) -> Bool {
        text.index(of: place).map { text.unicodeScalars[$0] == "\t" } ?? false
    }

    func error(file: String) -> ConfigurationError {
        ConfigurationError(file, place, message)
    }
}
