import NIOHTTP1

/// What a head says about the request itself, besides the webhook's own headers.
///
/// Read in one pass: each look-up by name would go over all headers again.
struct RequestFacts {
    /// How the end of the body is found.
    enum Framing: Equatable {
        case length(Int)
        case chunks
    }

    /// What `Authorization` says.
    enum Authorization: Equatable {
        case none
        case one(String)
        case several
    }

    private(set) var framing = Framing.length(0)
    /// Whether two readers could disagree about where the body ends.
    private(set) var isFramingDoubtful = false
    /// Whether it is not said once, in the shape of a host, whom the request is for (RFC 9112,
    /// section 3.2).
    private(set) var isHostDoubtful: Bool
    private(set) var expectsContinue = false
    /// After such a request the decoder takes no further one.
    private(set) var asksForUpgrade: Bool
    private(set) var authorization = Authorization.none
    /// Whether the body is sent otherwise than it was signed.
    private(set) var isEncoded = false

    /// Reads a head.
    ///
    /// The decoder has refused what frames a body in two ways (RFC 9112, section 6.3), and most of
    /// what frames it badly.
    init(_ head: HTTPRequestHead) {
        asksForUpgrade = head.method == .CONNECT
        // HTTP/1.0 may leave it out.
        isHostDoubtful = head.version == .http1_1
        var hosts = 0
        var isFramed = false
        for (name, value) in head.headers {
            // Told apart by length first: one comparison per header.
            switch name.utf8.count {
            case 4:
                guard Self.isEqual(name, "host") else { continue }
                hosts += 1
                isHostDoubtful = hosts > 1 || !HostText.isHost(Self.trimmed(value))
            case 6:
                // HTTP/1.0 knows no interim answers (RFC 9110, section 10.1.1).
                if Self.isEqual(name, "expect"), head.version == .http1_1 {
                    expectsContinue = Self.isValue(value, "100-continue")
                }
            case 7:
                if Self.isEqual(name, "upgrade") { asksForUpgrade = true }
            case 13:
                if Self.isEqual(name, "authorization") {
                    authorization = authorization == .none ? .one(value) : .several
                }
            case 14:
                guard Self.isEqual(name, "content-length") else { continue }
                isFramingDoubtful = isFramingDoubtful || isFramed
                isFramed = true
                setLength(value)
            case 16:
                if Self.isEqual(name, "content-encoding") {
                    isEncoded = isEncoded || !Self.isValue(value, "identity")
                }
            case 17:
                guard Self.isEqual(name, "transfer-encoding") else { continue }
                // The decoder takes `gzip, chunked` too, and would hand over what is compressed.
                isFramingDoubtful =
                    isFramingDoubtful || isFramed || head.version != .http1_1
                    || !Self.isValue(value, "chunked")
                isFramed = true
                framing = .chunks
            default:
                break
            }
        }
    }

    /// Digits and nothing else: `Int` would take a sign as well.
    private mutating func setLength(_ value: String) {
        let digits = Self.trimmed(value)
        guard !digits.isEmpty,
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else {
            isFramingDoubtful = true
            return
        }
        // Digits that are no `Int` are over the limit of every source.
        framing = .length(Int(Substring(digits)) ?? .max)
    }

    /// The declared length of the body, nil when that is not known.
    var declaredBytes: Int? {
        switch framing {
        case .length(let bytes): bytes
        case .chunks: nil
        }
    }

    private static func isEqual(_ text: String, _ lowercase: String) -> Bool {
        let text = text.utf8.span
        let expected = lowercase.utf8.span
        guard text.count == expected.count else { return false }
        for index in 0..<expected.count {
            let byte = text[index]
            let isUppercase = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            guard (isUppercase ? byte | 0x20 : byte) == expected[index] else { return false }
        }
        return true
    }

    private static func isValue(_ value: String, _ lowercase: String) -> Bool {
        isEqual(String(Substring(trimmed(value))), lowercase)
    }

    /// Blanks around a value are no part of it (RFC 9110, section 5.5).
    private static func trimmed(_ text: String) -> Substring.UTF8View {
        var bytes = text.utf8[...]
        while let last = bytes.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") {
            bytes.removeLast()
        }
        while let first = bytes.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") {
            bytes.removeFirst()
        }
        return bytes
    }
}
