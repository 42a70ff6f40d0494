package import FoundationEssentials

/// One webhook request as it was on the wire, from an `.http` file.
package struct RecordedDelivery: Sendable {
    /// `POST`.
    package let method: String

    /// The request's path, with the query if there is one.
    package let target: String

    /// The headers in the order they came in.
    package let headers: [(name: String, value: String)]

    /// The body, byte for byte.
    package let body: Data

    /// Reads a file: request line, headers, an empty line, body.
    ///
    /// Lines of the head may end in LF alone, as editors leave them.
    ///
    /// - Throws: `.malformed` when the head is not HTTP/1.1 or `Content-Length` is not the length
    ///   of the body.
    package static func parse(_ file: Data) throws(RecordingError) -> RecordedDelivery {
        var rest = file[...]
        guard let requestLine = Self.nextLine(of: &rest) else {
            throw .malformed(reason: "the first line has no end")
        }
        let words = requestLine.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1."), !words[1].isEmpty else {
            throw .malformed(reason: "the first line is no request line")
        }
        var headers: [(name: String, value: String)] = []
        while true {
            guard let line = Self.nextLine(of: &rest) else {
                throw .malformed(reason: "no empty line after the headers")
            }
            if line.isEmpty { break }
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
                throw .malformed(reason: "header \(headers.count + 1) has no name")
            }
            let value = String(line[line.index(after: colon)...]).trimmedHeaderValue
            headers.append((name: String(line[..<colon]), value: value))
        }
        let declared = headers.first { $0.name.lowercased() == "content-length" }?.value
        guard declared == nil || declared == String(rest.count) else {
            throw .malformed(
                reason: "the body has \(rest.count) bytes, which is not the Content-Length"
            )
        }
        return RecordedDelivery(
            method: String(words[0]),
            target: String(words[1]),
            headers: headers,
            body: Data(rest)
        )
    }

    /// Takes a line without its end; nil when no line feed is left.
    private static func nextLine(of rest: inout Data) -> String? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        var line = rest[..<end]
        rest = rest[(end + 1)...]
        if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        return String(decoding: line, as: UTF8.self)
    }
}

/// Why a file is no recorded delivery.
package enum RecordingError: Error, Equatable {
    /// The file does not have the shape of an HTTP/1.1 request.
    case malformed(reason: String)

    /// Whether the same file may be read later: never.
    package var isTransient: Bool { false }

    /// What an operator can do.
    package var operatorHint: String {
        "Give a file with a request line, headers, an empty line and the body; "
            + "leave out Content-Length after editing the body."
    }
}

extension RecordingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let reason): "not a recorded delivery: \(reason)"
        }
    }
}
