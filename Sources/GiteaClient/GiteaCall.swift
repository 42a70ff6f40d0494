import Foundation

/// One question to Gitea's API.
struct GiteaCall: Sendable, CustomStringConvertible {
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    var method: Method
    /// From `/api/v1` on, percent-encoded.
    var path: String
    var query: [(name: String, value: String)] = []
    /// JSON.
    var body: Data?
    /// The login of the account as which it is asked; for site administrators.
    var sudo: String?

    /// Whether it may be sent twice.
    var isIdempotent: Bool { method == .get }

    /// As logs show it.
    var description: String { "\(method.rawValue) \(path)" }

    /// A question.
    static func get(
        _ parts: String...,
        query: [(name: String, value: String)] = [],
        sudo: String? = nil
    ) -> GiteaCall {
        GiteaCall(method: .get, path: path(parts), query: query, sudo: sudo)
    }

    /// A write of an object.
    static func post(
        _ parts: String...,
        body: some Encodable & Sendable
    ) throws(GiteaError)
        -> GiteaCall
    {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return GiteaCall(method: .post, path: path(parts), body: try encoder.encode(body))
        } catch {
            throw .malformed(reason: "what should be sent is no JSON")
        }
    }

    /// Each part is one segment, or several that have slashes between them.
    private static func path(_ parts: [String]) -> String {
        parts.map { part in
            part.split(separator: "/", omittingEmptySubsequences: false).map(encoded)
                .joined(separator: "/")
        }.joined(separator: "/")
    }

    /// The whole address.
    func url(at server: String) -> String {
        let pairs = query.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }
        let end = pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
        return "\(server)/api/v1/\(path)\(end)"
    }

    /// Everything but RFC 3986's unreserved characters, so that no text changes the address.
    private static func encoded(_ text: some StringProtocol) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
            if isPlain {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                encoded += hex.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return encoded
    }
}
