import Foundation
import Gitea
import Testing

@Suite
struct FormBodyTests {
    @Test(arguments: [
        ("payload=%7B%7D", "{}"),
        ("payload={}", "{}"),
        ("payload=a+b%20c", "a b c"),
        ("payload=a%2Bb", "a+b"),
        ("payload=%c3%A9", "é"),
        ("payload=", ""),
        ("payload", ""),
        ("payload&a=b", ""),
        ("a=b&payload=c", "c"),
        ("payload=c&a=b", "c"),
        ("a=1&payload=c&a=2", "c"),
        ("&&payload=c&&", "c"),
        ("payload=a=b=c", "a=b=c"),
        ("payload=a%26b", "a&b"),
        ("payload=a%3Db", "a=b"),
        ("payload=a;b", "a;b"),
        ("%70ayload=c", "c"),
        ("payload2=x&payload=c&pay=y", "c"),
        ("=x&payload=c", "c"),
        ("Payload=x&payload=c", "c"),
        ("payload=c&a%20b", "c"),
        ("payload=%00", "\u{0}"),
    ])
    func `the field is decoded`(body: String, value: String) {
        #expect(FormBody.payload(in: Data(body.utf8)) == Data(value.utf8))
    }

    @Test(arguments: [
        "", "&", "=", "a=b", "Payload=a", "payloa=a", "payloads=a", "payload =a", " payload=a",
        "payload=a&payload=b", "payload=a&payload=a", "payload&payload", "payload=a&%70ayload=b",
        "payload=%", "payload=%4", "payload=%4g", "payload=%g4", "payload=a%", "payload=%%41",
        "payload=%u0041", "payload=% 4", "payload=%+4", "payload=a&b=%", "b=%zz&payload=a",
        "%=b&payload=a", "payload=%4&a=1", "{}",
    ])
    func `anything else has no payload`(body: String) {
        #expect(FormBody.payload(in: Data(body.utf8)) == nil)
    }

    @Test
    func `bytes that are no text are decoded as they are`() {
        let body = Data("payload=%FF".utf8) + Data([0x00, 0xFE, 0x80])
        #expect(FormBody.payload(in: body) == Data([0xFF, 0x00, 0xFE, 0x80]))
    }

    @Test
    func `a slice of a larger buffer is read from its own start`() {
        let buffer = Data("junk&payload=a+b&payload=c".utf8)
        #expect(FormBody.payload(in: buffer[5..<16]) == Data("a b".utf8))
    }

    @Test
    func `every byte comes back from its escape`() {
        let escapes = (0...255).map { byte in
            "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        let body = Data(("payload=" + escapes.joined()).utf8)
        #expect(FormBody.payload(in: body) == Data(0...255))
    }

    @Test
    func `the signed bytes of JSON are the body`() {
        let body = Data("payload=%7B%7D".utf8)
        #expect(SignedBytes.of(body: body, contentType: .json) == body)
        #expect(SignedBytes.of(body: body, contentType: .form) == Data("{}".utf8))
        #expect(SignedBytes.of(body: Data("{}".utf8), contentType: .form) == nil)
    }
}
