/// A number of YAML 1.2's core schema as JSON writes it.
struct JSONNumber {
    /// The digits as they were, with what JSON wants around a decimal point.
    let text: String

    /// False for infinity, for what is no number, and for what is too large.
    let isFinite: Bool

    /// Nil when `source` is a text.
    init?(_ source: String) {
        if let text = Self.decimal(source) {
            self.text = text
            isFinite = Double(text)?.isFinite ?? false
        } else if let value = Self.hexadecimalOrOctal(source) {
            text = String(value)
            isFinite = true
        } else if [".inf", "+.inf", "-.inf", ".nan"].contains(source.lowercased()) {
            text = source
            isFinite = false
        } else {
            return nil
        }
    }

    private static func decimal(_ source: String) -> String? {
        var rest = Substring(source)
        let sign = rest.hasPrefix("-") ? "-" : ""
        if rest.hasPrefix("-") || rest.hasPrefix("+") { rest.removeFirst() }
        let whole = digits(&rest)
        var fraction: String?
        if rest.hasPrefix(".") {
            rest.removeFirst()
            fraction = digits(&rest)
        }
        guard !whole.isEmpty || fraction?.isEmpty == false else { return nil }
        // 007 is more likely a label than a number.
        guard whole.count <= 1 || !whole.hasPrefix("0") else { return nil }
        var exponent = ""
        if rest.hasPrefix("e") || rest.hasPrefix("E") {
            rest.removeFirst()
            let sign = rest.hasPrefix("-") ? "-" : ""
            if rest.hasPrefix("-") || rest.hasPrefix("+") { rest.removeFirst() }
            exponent = digits(&rest)
            guard !exponent.isEmpty else { return nil }
            exponent = "e\(sign)\(exponent)"
        }
        guard rest.isEmpty else { return nil }
        let point = fraction.map { ".\($0.isEmpty ? "0" : $0)" } ?? ""
        return "\(sign)\(whole.isEmpty ? "0" : whole)\(point)\(exponent)"
    }

    /// Takes the digits off the front of `rest`.
    private static func digits(_ rest: inout Substring) -> String {
        let digits = rest.prefix { $0.utf8.count == 1 && $0.isWholeNumber }
        rest.removeFirst(digits.count)
        return String(digits)
    }

    private static func hexadecimalOrOctal(_ source: String) -> UInt64? {
        let digits = source.dropFirst(2)
        guard digits.first != "+", digits.first != "-" else { return nil }
        if source.hasPrefix("0x") { return UInt64(digits, radix: 16) }
        if source.hasPrefix("0o") { return UInt64(digits, radix: 8) }
        return nil
    }
}
