import Foundation
import Gitea
import QueueCore

/// A JSON value to print, its members in the order they are given in.
indirect enum JSONValue: Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case real(Double)
    case string(String)
    case array([JSONValue])
    case object([(name: String, value: JSONValue)])
    /// Text that is JSON already.
    case verbatim(String)

    /// A time as RFC 3339 with fractions, or null.
    static func time(_ time: Timestamp?) -> JSONValue {
        time.map { .string($0.rfc3339) } ?? .null
    }

    /// A text, or null.
    static func optional(_ text: String?) -> JSONValue {
        text.map { .string($0) } ?? .null
    }

    /// Embeds a text that should be JSON; what is not becomes a string, so that output stays valid.
    static func embedding(_ text: String) -> JSONValue {
        let value = try? JSONSerialization.jsonObject(
            with: Data(text.utf8),
            options: .fragmentsAllowed
        )
        return value == nil ? .string(text) : .verbatim(text)
    }

    /// The value without any space of ours.
    var compact: String {
        switch self {
        case .null: "null"
        case .boolean(let isTrue): isTrue ? "true" : "false"
        case .integer(let number): String(number)
        case .real(let number): number.isFinite ? String(number) : "null"
        case .string(let text): VisibleText.json(JSONText.quoted(text))
        case .verbatim(let text): VisibleText.json(text)
        case .array(let values): "[\(values.map(\.compact).joined(separator: ","))]"
        case .object(let members): "{\(members.map(Self.member).joined(separator: ","))}"
        }
    }

    private static func member(_ name: String, _ value: JSONValue) -> String {
        "\(JSONText.quoted(name)):\(value.compact)"
    }
}

extension JSONValue {
    /// A row, its members named after the columns.
    init(_ record: Record) {
        self = .object(record.columns.map { ($0.name, JSONValue($0.value)) })
    }

    /// A value of a column.
    init(_ value: Record.Value) {
        self =
            switch value {
            case .null: .null
            case .integer(let number): .integer(number)
            case .real(let number): .real(number)
            case .text(let text): .string(text)
            case .time(let time): .time(time)
            case .json(let text): .embedding(text)
            }
    }

    /// This object with one more member.
    func adding(_ name: String, _ value: JSONValue) -> JSONValue {
        guard case .object(let members) = self else {
            preconditionFailure("only objects have members")
        }
        return .object(members + [(name, value)])
    }
}

/// What `--json` prints: lists are one array, single things one object.
enum JSONOutput {
    /// An array with one element on each line.
    static func list(_ values: [JSONValue]) -> String {
        guard !values.isEmpty else { return "[]\n" }
        return "[\n" + values.map { "  \($0.compact)" }.joined(separator: ",\n") + "\n]\n"
    }

    /// An object with one member on each line.
    static func object(_ members: [(name: String, value: JSONValue)]) -> String {
        let lines = members.map { "  \(JSONText.quoted($0.name)): \($0.value.compact)" }
        return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
    }

    /// The same for a value that is an object.
    static func object(_ value: JSONValue) -> String {
        guard case .object(let members) = value else {
            preconditionFailure("a single thing is an object")
        }
        return object(members)
    }
}
