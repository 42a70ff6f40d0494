import Yams

/// A mapping of the configuration file as the text of a JSON object.
///
/// The type of a value without quotes follows the core schema of YAML 1.2: `true` and `false` are
/// booleans, but `yes`, `no`, `on` and `off` are texts, and so are `1:30`, `1_000` and `007`, which
/// YAML 1.1 takes for numbers. A number keeps its digits.
struct JSONText {
    /// The object, its keys sorted, without spaces.
    let text: String

    /// Nil when something is no JSON, which is reported.
    init?(_ setting: Setting) {
        guard case .mapping = setting.node else {
            setting.mustBe("a mapping")
            return nil
        }
        guard let text = Self.value(setting) else { return nil }
        self.text = text
    }

    private static func value(_ setting: Setting) -> String? {
        switch setting.node {
        case .mapping: object(setting)
        case .sequence: array(setting)
        case .scalar(let scalar): self.scalar(scalar, setting)
        case .alias: nil
        }
    }

    private static func object(_ setting: Setting) -> String? {
        let members = (setting.pairs() ?? []).map { (key: $0.key, value: value($0.value)) }
        let texts = members.sorted { $0.key < $1.key }
            .compactMap { member in member.value.map { "\(string(member.key)):\($0)" } }
        return texts.count == members.count ? "{\(texts.joined(separator: ","))}" : nil
    }

    private static func array(_ setting: Setting) -> String? {
        let values = (setting.list() ?? []).map(value)
        let texts = values.compactMap(\.self)
        return texts.count == values.count ? "[\(texts.joined(separator: ","))]" : nil
    }

    private static func scalar(_ scalar: Node.Scalar, _ setting: Setting) -> String? {
        if setting.isNull { return "null" }
        guard scalar.isPlain else { return string(scalar.string) }
        switch scalar.string {
        case "true", "True", "TRUE": return "true"
        case "false", "False", "FALSE": return "false"
        default: break
        }
        guard let number = JSONNumber(scalar.string) else { return string(scalar.string) }
        guard number.isFinite else {
            setting.fail("\(setting.name) is a number that JSON cannot hold: \(setting.found)")
            return nil
        }
        return number.text
    }

    private static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
