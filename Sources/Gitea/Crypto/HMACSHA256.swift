internal import COpenSSL
package import FoundationEssentials

/// An HMAC-SHA256 that is computed while the message arrives.
///
/// Made by `SigningKey.hmac()`, fed with `update`, ended by one call of `finalize`.
@safe
package final class HMACSHA256 {
    private let context: OpaquePointer
    private var isFinal = false

    /// Continues from `keyed`, which stays as it is.
    init(copyOf keyed: OpaquePointer) {
        guard let copy = unsafe EVP_MAC_CTX_dup(keyed) else {
            preconditionFailure("libcrypto has no memory for an HMAC")
        }
        unsafe context = copy
    }

    deinit {
        unsafe EVP_MAC_CTX_free(context)
    }

    /// Adds the next bytes of the message.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(!isFinal, "an HMAC takes no bytes after its end")
        guard bytes.count > 0 else { return }
        let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let result = unsafe EVP_MAC_update(context, start, bytes.count)
        precondition(result == 1, "libcrypto cannot continue an HMAC")
    }

    /// Adds the next bytes of the message.
    package func update(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// Adds the next bytes of the message.
    package func update(_ bytes: some ContiguousBytes) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// Ends the message.
    ///
    /// - Returns: the 32 bytes of the HMAC.
    package func finalize() -> [UInt8] {
        precondition(!isFinal, "an HMAC ends once")
        isFinal = true
        var digest = [UInt8](repeating: 0, count: Limits.sha256BytesCount)
        var count = 0
        let result = unsafe EVP_MAC_final(context, &digest, &count, digest.count)
        precondition(result == 1 && count == digest.count, "libcrypto cannot end an HMAC")
        return digest
    }
}
