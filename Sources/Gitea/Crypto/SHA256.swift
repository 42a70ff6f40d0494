internal import COpenSSL
package import FoundationEssentials

/// The SHA-256 digest of a whole message.
package enum SHA256 {
    /// The digest of `message`: 64 lower-case hexadecimal digits.
    package static func hex(of message: Data) -> String {
        var digest = [UInt8](repeating: 0, count: Limits.sha256BytesCount)
        var count: UInt32 = 0
        let result = unsafe message.withUnsafeBytes { bytes in
            unsafe EVP_Digest(
                bytes.baseAddress,
                bytes.count,
                &digest,
                &count,
                algorithm.pointer,
                nil
            )
        }
        precondition(result == 1 && count == digest.count, "libcrypto cannot compute a SHA256")
        return Hex.encode(digest)
    }

    private static let algorithm = Algorithm()

    /// The implementation, looked up once: `EVP_sha256()` would do so at each use.
    ///
    /// Unchecked, because a pointer is not `Sendable`: a fetched `EVP_MD` is never written again.
    @safe
    private final class Algorithm: @unchecked Sendable {
        let pointer: OpaquePointer

        init() {
            guard let pointer = unsafe EVP_MD_fetch(nil, "SHA256", nil) else {
                preconditionFailure("libcrypto has no SHA256")
            }
            unsafe self.pointer = pointer
        }

        deinit {
            unsafe EVP_MD_free(pointer)
        }
    }
}
