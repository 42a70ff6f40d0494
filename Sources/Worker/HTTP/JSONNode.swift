import Foundation
import Gitea

/// A JSON value as templates see it: fields keep their order, numbers their digits, so that the
/// same payload always makes the same body.
enum JSONNode: Equatable, Sendable {
    case object([Field])
    case array([JSONNode])
    case text(String)
    /// As it was written.
    case number(String)
    case boolean(Bool)
    case null

    struct Field: Equatable, Sendable {
        var name: String
        var value: JSONNode
    }

    /// The value of a field; of two with one name the last, as in most readers.
    subscript(name: String) -> JSONNode? {
        guard case .object(let fields) = self else { return nil }
        return fields.last { $0.name == name }?.value
    }

    /// Its text, without spaces.
    var json: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private func append(to text: inout [UInt8]) {
        switch self {
        case .object(let fields):
            text.append(UInt8(ascii: "{"))
            for (index, field) in fields.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                JSONText.append(field.name, to: &text)
                text.append(UInt8(ascii: ":"))
                field.value.append(to: &text)
            }
            text.append(UInt8(ascii: "}"))
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                element.append(to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .text(let string): JSONText.append(string, to: &text)
        case .number(let digits): text.append(contentsOf: digits.utf8)
        case .boolean(let isTrue): text.append(contentsOf: (isTrue ? "true" : "false").utf8)
        case .null: text.append(contentsOf: "null".utf8)
        }
    }
}

/// Why a text is no JSON, and where.
///
/// It quotes nothing of the text.
struct JSONProblem: Error, Equatable, CustomStringConvertible {
    var reason: String
    var line: Int
    /// In bytes, from 1.
    var column: Int

    var description: String { "line \(line), column \(column): \(reason)" }
}
