import Foundation
import Gitea
import TestSupport

extension FuzzSubject {
    /// What one signature header proves, against what its text says.
    static let signatureHeaders = FuzzSubject("signature headers", share: 20) { random in
        let header =
            PresentedSignature.Header.allCases.randomElement(using: &random) ?? .gitea
        var value = Array((header == .hub ? "sha256=" : "").utf8) + knownSignature
        if Int.random(in: 0..<4, using: &random) == 0 {
            value = Array(String(decoding: value, as: UTF8.self).uppercased().utf8)
        }
        if Int.random(in: 0..<4, using: &random) > 0 {
            Mutation.change(&value, words: signatureWords, using: &random)
        }
        let text = String(decoding: value, as: UTF8.self)
        let presented = PresentedSignature(header: header, value: text).map { [$0] } ?? []
        var check = SignatureCheck(presented: presented, keys: [key])
        check.update(knownMessage)
        let verdict = check.finish()
        let expected = expectedVerdict(header, text)
        guard verdict != expected else { return nil }
        return "\(header.rawValue): \(visible(text.utf8)) is \(verdict), not \(expected)"
    }

    private static func expectedVerdict(
        _ header: PresentedSignature.Header,
        _ text: String
    ) -> SignatureVerdict {
        func trimmed(_ bytes: [UInt8]) -> [UInt8] {
            func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
            return Array(bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
        }
        var digits = trimmed(Array(text.utf8))
        if digits.isEmpty { return .unsigned }
        if header == .hub {
            let prefix = Array("sha256=".utf8)
            guard digits.prefix(prefix.count).map(lowercased) == prefix else { return .wrong }
            digits = Array(digits.dropFirst(prefix.count))
            if digits.isEmpty { return .unsigned }
        }
        return digits.map(lowercased) == knownSignature ? .verified(keyID: key.id) : .wrong
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    /// Only the right secret over the right bytes verifies, in whatever pieces they come.
    static let signatures = FuzzSubject("signatures", share: 20) { random in
        let secret = [UInt8].random(count: 1..<80, using: &random)
        let signer = SigningKey(id: "signer", key: secret)
        var other = secret
        Mutation.change(&other, words: [[0]], using: &random)
        // HMAC fills short keys up with zeros (RFC 2104): the same key in another length.
        let isOther = paddedKey(other) != paddedKey(secret)
        var body = [UInt8].random(count: 0..<300, using: &random)
        let signature = signer.signature(of: body)
        let header = PresentedSignature.Header.allCases.randomElement(using: &random) ?? .gitea
        let value = (header == .hub ? "sha256=" : "") + signature
        guard let presented = PresentedSignature(header: header, value: value) else {
            return "a whole signature is none: \(value)"
        }

        guard inPieces(body, presented, [signer], &random) == .verified(keyID: "signer") else {
            return "the right secret does not verify \(visible(body)) in pieces"
        }
        if isOther, !other.isEmpty {
            let otherKey = SigningKey(id: "other", key: other)
            guard inPieces(body, presented, [otherKey], &random) == .wrong else {
                return "the secret \(visible(other)) verifies what \(visible(secret)) signed"
            }
            guard
                inPieces(body, presented, [otherKey, signer], &random)
                    == .verified(keyID: "signer")
            else { return "the right secret does not verify beside another one" }
        }
        let original = body
        Mutation.change(&body, words: [Array("x".utf8)], using: &random)
        guard body == original || inPieces(body, presented, [signer], &random) == .wrong else {
            return "the signature of \(visible(original)) verifies \(visible(body))"
        }
        return nil
    }

    private static func paddedKey(_ key: [UInt8]) -> [UInt8] {
        // Longer keys are hashed first; two of them are taken for different when their bytes are.
        key.count <= 64 ? key + [UInt8](repeating: 0, count: 64 - key.count) : key
    }

    private static func inPieces(
        _ body: [UInt8],
        _ presented: PresentedSignature,
        _ keys: [SigningKey],
        _ random: inout SeededRandom
    ) -> SignatureVerdict {
        var check = SignatureCheck(presented: [presented], keys: keys)
        var rest = body[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 0...rest.count, using: &random))
            check.update(Data(piece))
            rest = rest.dropFirst(piece.count)
        }
        return check.finish()
    }

    private static let key = SigningKey(id: "known", key: Array("s3cret".utf8))
    private static let knownMessage = Data("{}".utf8)
    private static let knownSignature = Array(key.signature(of: knownMessage).utf8)

    private static let signatureWords = [
        "sha256=", "SHA256=", "sha1=", "=", " ", "\t", ",", "0x", "0", "g", "é", "\u{0}", "sha256",
    ].map { Array($0.utf8) }
}
