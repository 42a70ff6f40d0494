internal import COpenSSL

/// Bytes nobody can guess, from libcrypto's generator.
package enum RandomBytes {
    /// New random bytes as text, for a webhook secret.
    ///
    /// - Parameter count: how many bytes.
    /// - Returns: two lower-case hexadecimal digits for each byte.
    /// - Throws: when the generator cannot be seeded. Nothing weaker is ever returned instead.
    package static func hex(count: Int) throws(RandomBytesError) -> String {
        precondition(count > 0 && count <= Int(Int32.max), "at least one random byte is asked for")
        var bytes = [UInt8](repeating: 0, count: count)
        // docs.openssl.org/3.0/man3/RAND_bytes: 1 is success, everything else is not.
        guard unsafe RAND_bytes(&bytes, Int32(count)) == 1 else { throw .notSeeded }
        return Hex.encode(bytes)
    }
}

/// Why there are no random bytes.
package enum RandomBytesError: Error, Equatable {
    /// The operating system gives libcrypto nothing to start from.
    case notSeeded

    /// Whether the same call may work later: yes, once the system has gathered entropy.
    package var isTransient: Bool { true }

    /// What an operator can do.
    package var operatorHint: String {
        "Check that this process may read random numbers (getrandom, /dev/urandom)."
    }
}

extension RandomBytesError: CustomStringConvertible {
    package var description: String { "libcrypto's random generator is not seeded" }
}
