/// One signature header of a request, as far as it says anything.
///
/// Holds the digest for `SignatureCheck` alone: it can be neither read nor compared elsewhere, and
/// the description names the header without its value.
package struct PresentedSignature: Sendable {
    /// The headers that carry an HMAC-SHA256.
    package enum Header: String, Sendable, CaseIterable {
        /// 64 hexadecimal digits.
        case gitea = "X-Gitea-Signature"

        /// 64 hexadecimal digits.
        case forgejo = "X-Forgejo-Signature"

        /// 64 hexadecimal digits.
        case gogs = "X-Gogs-Signature"

        /// `sha256=` and 64 hexadecimal digits.
        case hub = "X-Hub-Signature-256"
    }

    /// The header it came in.
    package let header: Header

    /// The digest, nil when the value is something else.
    let digest: InlineArray<32, UInt8>?

    /// Whether its value can be a signature at all.
    package var isDigest: Bool { digest != nil }

    /// Reads a header's value, digits of either case.
    ///
    /// Nil when it is empty or just `sha256=`: Gitea sends that for a hook without a secret.
    package init?(header: Header, value: String) {
        let text = value.utf8.span
        var range = text.trimmedRange
        guard !range.isEmpty else { return nil }
        self.header = header
        if header == .hub {
            let prefixEnd = range.lowerBound + Self.hubPrefix.utf8.count
            guard prefixEnd <= range.upperBound,
                text.matches(Self.hubPrefix, in: range.lowerBound..<prefixEnd)
            else {
                digest = nil
                return
            }
            range = prefixEnd..<range.upperBound
            guard !range.isEmpty else { return nil }
        }
        digest = Self.decode(text, range)
    }

    private static let hubPrefix = "sha256="

    private static func decode(
        _ text: borrowing Span<UInt8>,
        _ range: Range<Int>
    ) -> InlineArray<32, UInt8>? {
        guard range.count == 2 * Limits.sha256BytesCount else { return nil }
        var digest = InlineArray<32, UInt8>(repeating: 0)
        for index in 0..<Limits.sha256BytesCount {
            let position = range.lowerBound + 2 * index
            guard let high = Hex.value(text[position]), let low = Hex.value(text[position + 1])
            else { return nil }
            digest[index] = high << 4 | low
        }
        return digest
    }
}

extension PresentedSignature: CustomStringConvertible, CustomReflectable {
    package var description: String { header.rawValue }

    package var customMirror: Mirror { Mirror(self, children: ["header": header]) }
}
