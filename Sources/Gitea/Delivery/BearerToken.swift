internal import COpenSSL

/// A token that senders show in `Authorization: Bearer …`.
///
/// Its description does not show it.
package struct BearerToken: Sendable {
    private let bytes: [UInt8]

    /// Prepares a token, which is not empty: nothing would show the empty one.
    package init(_ bytes: [UInt8]) {
        precondition(!bytes.isEmpty, "a bearer token has at least one byte")
        self.bytes = bytes
    }

    /// Whether the value of an `Authorization` header shows the token.
    ///
    /// Takes a time that depends on the lengths alone.
    package func isShown(in authorization: String) -> Bool {
        let text = authorization.utf8.span
        let range = text.trimmedRange
        let scheme = "bearer "
        var start = range.lowerBound + scheme.utf8.count
        guard start <= range.upperBound, text.matches(scheme, in: range.lowerBound..<start) else {
            return false
        }
        while start < range.upperBound, text[start] == UInt8(ascii: " ") { start += 1 }
        let shown = text.extracting(start..<range.upperBound)
        guard shown.count == bytes.count else { return false }
        return unsafe shown.withUnsafeBytes { shown in
            // docs.openssl.org/3.0/man3/CRYPTO_memcmp
            unsafe CRYPTO_memcmp(shown.baseAddress, bytes, bytes.count) == 0
        }
    }
}

extension BearerToken: CustomStringConvertible, CustomReflectable {
    package var description: String { "BearerToken" }

    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
