import Foundation
import Gitea
import QueueCore

/// What makes a body differ from every other one, so that it is no repeat of an earlier delivery.
enum Stamp {
    /// A new stamp: the time, and something nobody else has.
    static func fresh() -> String {
        let random = UUID().uuidString.prefix(8).lowercased()
        return "\(Clocks.system.now().rfc3339)-\(random)"
    }

    /// The body with a member `samovar_send` right after the first brace; all other bytes stay.
    ///
    /// `body` is a JSON payload, or a form that has one in its field `payload`; `stamp` has letters,
    /// digits, `-`, `:` and `.` alone. Nil when there is no JSON object to insert into.
    static func insert(_ stamp: String, into body: Data, _ contentType: ContentType) -> Data? {
        switch contentType {
        case .json: insertPlain(stamp, into: body)
        case .form: insertEncoded(stamp, into: body)
        }
    }

    private static let spaces: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]

    private static func insertPlain(_ stamp: String, into body: Data) -> Data? {
        let start = body.firstIndex { !spaces.contains($0) }
        guard let start, body[start] == UInt8(ascii: "{") else { return nil }
        let rest = body[(start + 1)...]
        guard let next = rest.first(where: { !spaces.contains($0) }) else { return nil }
        let comma = next == UInt8(ascii: "}") ? "" : ","
        let member = #""samovar_send":\#(JSONText.quoted(stamp))\#(comma)"#
        return body[...start] + Data(member.utf8) + rest
    }

    /// Gitea's form has the one field, and Go escapes braces; others may leave them as they are.
    private static func insertEncoded(_ stamp: String, into body: Data) -> Data? {
        let name = Data("payload=".utf8)
        guard body.starts(with: name) else { return nil }
        let value = body.dropFirst(name.count)
        for brace in ["{", "%7B", "%7b"] where value.starts(with: Data(brace.utf8)) {
            let rest = value.dropFirst(brace.utf8.count)
            let ends = ["}", "%7D", "%7d"].contains { rest.starts(with: Data($0.utf8)) }
            let comma = ends ? "" : "%2C"
            let escaped = stamp.replacing(":", with: "%3A")
            let member = "%22samovar_send%22%3A%22\(escaped)%22\(comma)"
            return name + Data(brace.utf8) + Data(member.utf8) + rest
        }
        return nil
    }
}
