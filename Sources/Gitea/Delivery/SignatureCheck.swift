internal import COpenSSL
package import FoundationEssentials

/// What a request's signatures prove.
package enum SignatureVerdict: Sendable, Equatable {
    /// All that are there are right, under the key with this id.
    case verified(keyID: String)

    /// There is none.
    case unsigned

    /// At least one is malformed, or differs from the HMAC under every key.
    case wrong
}

/// Checks a request's signatures while the signed bytes arrive.
///
/// All presented signatures must be right under the same key. Nothing is hashed when the verdict
/// does not depend on the bytes. A copy shares its computation with the original: keep one.
package struct SignatureCheck {
    private enum State {
        case hashing([(keyID: String, hmac: HMACSHA256)])
        case settled(SignatureVerdict)
    }

    private let presented: [PresentedSignature]
    private var state: State

    /// Prepares the check of one request.
    ///
    /// `keys` are all active ones; when there is none, every signature is wrong.
    package init(presented: [PresentedSignature], keys: [SigningKey]) {
        self.presented = presented
        if presented.isEmpty {
            state = .settled(.unsigned)
        } else if keys.isEmpty || presented.contains(where: { $0.digest == nil }) {
            state = .settled(.wrong)
        } else {
            state = .hashing(keys.map { (keyID: $0.id, hmac: $0.hmac()) })
        }
    }

    /// Adds the next of the signed bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard case .hashing(let candidates) = state else { return }
        for candidate in candidates {
            unsafe candidate.hmac.update(bytes)
        }
    }

    /// Adds the next of the signed bytes.
    package mutating func update(_ bytes: RawSpan) {
        guard case .hashing(let candidates) = state else { return }
        for candidate in candidates {
            candidate.hmac.update(bytes)
        }
    }

    /// Adds the next of the signed bytes.
    package mutating func update(_ bytes: some ContiguousBytes) {
        guard case .hashing = state else { return }
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// Ends the signed bytes; a second call gives the same verdict.
    package mutating func finish() -> SignatureVerdict {
        switch state {
        case .settled(let verdict):
            return verdict
        case .hashing(let candidates):
            let verdict = verdict(of: candidates)
            state = .settled(verdict)
            return verdict
        }
    }

    /// Whether the verdict no longer depends on the bytes: nothing was signed, or not properly.
    package var isSettled: Bool {
        switch state {
        case .settled: true
        case .hashing: false
        }
    }

    private func verdict(
        of candidates: [(keyID: String, hmac: HMACSHA256)]
    ) -> SignatureVerdict {
        for candidate in candidates {
            let expected = candidate.hmac.finalize()
            if presented.allSatisfy({ $0.isEqual(to: expected) }) {
                return .verified(keyID: candidate.keyID)
            }
        }
        return .wrong
    }
}

extension PresentedSignature {
    /// Compares in a time that does not depend on where the digests differ.
    fileprivate func isEqual(to expected: [UInt8]) -> Bool {
        guard let digest else { return false }
        precondition(expected.count == Limits.sha256BytesCount, "an HMAC-SHA256 has 32 bytes")
        return unsafe digest.span.withUnsafeBytes { presented in
            // docs.openssl.org/3.0/man3/CRYPTO_memcmp
            unsafe CRYPTO_memcmp(presented.baseAddress, expected, Limits.sha256BytesCount) == 0
        }
    }
}
