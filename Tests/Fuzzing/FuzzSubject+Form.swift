import Foundation
import Gitea
import TestSupport

extension FuzzSubject {
    /// Form bodies against a reader that is written for clarity alone.
    static let formBodies = FuzzSubject("form bodies", share: 20) { random in
        var body: [UInt8]
        if Int.random(in: 0..<200, using: &random) == 0,
            let recorded = Recordings.forms.randomElement(using: &random)
        {
            body = recorded
        } else {
            body = []
            for _ in 0..<Int.random(in: 0..<8, using: &random) {
                body += formWords.randomElement(using: &random) ?? []
            }
        }
        if Bool.random(using: &random) {
            Mutation.change(&body, words: formWords, using: &random)
        }
        let found = FormBody.payload(in: Data(body)).map(Array.init)
        let expected = ReferenceForm.payload(in: body)
        guard found != expected else { return nil }
        return "\(visible(body)) has the payload \(found.map(visible) ?? "none"), "
            + "and should have \(expected.map(visible) ?? "none")"
    }

    /// Any bytes come back from their escapes, however each of them is escaped.
    static let escapes = FuzzSubject("percent escapes", share: 15) { random in
        let bytes = [UInt8].random(count: 0..<40, using: &random)
        var body = Array("payload=".utf8)
        for byte in bytes {
            let isSafe =
                byte != UInt8(ascii: "&") && byte != UInt8(ascii: "%")
                && byte != UInt8(ascii: "+")
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where isSafe: body.append(byte)
            case 1 where byte == UInt8(ascii: " "): body.append(UInt8(ascii: "+"))
            case 2: body += escape(byte, uppercase: true)
            default: body += escape(byte, uppercase: false)
            }
        }
        guard FormBody.payload(in: Data(body)).map(Array.init) != bytes else { return nil }
        return "\(visible(body)) is not decoded to \(visible(bytes))"
    }

    private static func escape(_ byte: UInt8, uppercase: Bool) -> [UInt8] {
        let digits = String(byte, radix: 16, uppercase: uppercase)
        return Array("%\(digits.utf8.count == 1 ? "0" : "")\(digits)".utf8)
    }

    private static let formWords = [
        "payload", "payload=", "payload=%7B%7D", "%70ayload=", "pay", "=", "&", "&&", "+", "%",
        "%4",
        "%41", "%c3%A9", "%zz", "%00", "a=b", "{}", ";", "payload=a&", "&payload", "\u{0}", "%%",
        "Payload=", "payload2=", " ",
    ].map { Array($0.utf8) }
}

/// What url.spec.whatwg.org says of form bodies, and our own strictness, in as many steps as there
/// are sentences.
enum ReferenceForm {
    static func payload(in body: [UInt8]) -> [UInt8]? {
        var payloads: [[UInt8]] = []
        for field in body.split(separator: UInt8(ascii: "&")) {
            let parts = field.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard let name = decode(parts[0]) else { return nil }
            guard let value = parts.count > 1 ? decode(parts[1]) : [] else { return nil }
            if name == Array("payload".utf8) { payloads.append(value) }
        }
        return payloads.count == 1 ? payloads[0] : nil
    }

    private static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let bytes = Array(text)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%") {
                guard index + 2 < bytes.count else { return nil }
                let digits = bytes[index + 1...index + 2]
                guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }),
                    let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
                else { return nil }
                decoded.append(byte)
                index += 3
            } else {
                decoded.append(bytes[index] == UInt8(ascii: "+") ? 0x20 : bytes[index])
                index += 1
            }
        }
        return decoded
    }
}
