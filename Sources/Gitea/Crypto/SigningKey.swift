internal import COpenSSL
package import FoundationEssentials

/// One secret that deliveries may be signed with.
///
/// The key schedule is computed once, when the key is made; each use copies the result. A value can
/// be used from several threads at the same time, and its description shows the id alone.
package struct SigningKey: Sendable {
    /// The name under which the key is configured and stored with what it verified.
    package let id: String

    private let keyed: KeyedContext

    /// Prepares a key.
    ///
    /// `key` is the secret's bytes and not empty: an HMAC under the empty key proves nothing.
    package init(id: String, key: [UInt8]) {
        precondition(!key.isEmpty, "a signing key has at least one byte")
        self.id = id
        keyed = KeyedContext(key: key)
    }

    /// A new computation under this key, nothing hashed yet.
    package func hmac() -> HMACSHA256 {
        unsafe HMACSHA256(copyOf: keyed.context)
    }

    /// The HMAC of a whole message: 64 lower-case hexadecimal digits.
    package func signature(of message: some ContiguousBytes) -> String {
        let hmac = hmac()
        hmac.update(message)
        return Hex.encode(hmac.finalize())
    }
}

extension SigningKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "SigningKey(\(id))" }

    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}

/// An `EVP_MAC_CTX` that holds a key and has seen no message.
///
/// Unchecked, because a pointer is not `Sendable`: the context is written in `init` alone, and
/// `EVP_MAC_CTX_dup` takes it as const (docs.openssl.org/3.0/man3/EVP_MAC); the reference counts
/// that it raises in shared objects are atomic.
@safe
private final class KeyedContext: @unchecked Sendable {
    let context: OpaquePointer

    init(key: [UInt8]) {
        // Both fail only where libcrypto is broken or memory is gone: there is no way on.
        guard let algorithm = unsafe EVP_MAC_fetch(nil, OSSL_MAC_NAME_HMAC, nil) else {
            preconditionFailure("libcrypto has no HMAC")
        }
        defer { unsafe EVP_MAC_free(algorithm) }
        guard let context = unsafe EVP_MAC_CTX_new(algorithm) else {
            preconditionFailure("libcrypto has no memory for an HMAC")
        }
        var digest = Array("SHA256".utf8CString)
        let result = unsafe digest.withUnsafeMutableBufferPointer { name in
            let parameters = unsafe [
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.baseAddress, 0),
                OSSL_PARAM_construct_end(),
            ]
            return unsafe EVP_MAC_init(context, key, key.count, parameters)
        }
        precondition(result == 1, "libcrypto refuses HMAC with SHA256")
        unsafe self.context = context
    }

    deinit {
        // Also wipes the key.
        unsafe EVP_MAC_CTX_free(context)
    }
}
