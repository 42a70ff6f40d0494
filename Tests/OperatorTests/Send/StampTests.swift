import Foundation
import Gitea
import Testing

@testable import Operator

@Suite
struct StampTests {
    private func stamped(_ body: String, _ type: ContentType = .json) -> String? {
        Stamp.insert("s:1", into: Data(body.utf8), type).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test
    func `the stamp stands right after the first brace, other bytes stay`() {
        let body = " {\n  \"ref\" : \"x\" }\n"
        #expect(stamped(body) == " {\"samovar_send\":\"s:1\",\n  \"ref\" : \"x\" }\n")
    }

    @Test
    func `an empty object gets no comma`() {
        #expect(stamped("{ }") == #"{"samovar_send":"s:1" }"#)
    }

    @Test(arguments: ["", "  ", "[1]", "\"{\"", "{", "payload={}"])
    func `what is no JSON object is not stamped`(body: String) {
        #expect(stamped(body) == nil)
    }

    @Test(arguments: ["payload=%7B%22a%22%3A1%7D", "payload={%22a%22:1}", "payload=%7b%7d"])
    func `the payload of a form is stamped in its own escaping`(body: String) throws {
        let form = try #require(Stamp.insert("s:1", into: Data(body.utf8), .form))
        let payload = try #require(SignedBytes.of(body: form, contentType: .form))
        let object = try JSONSerialization.jsonObject(with: payload) as? [String: Any]
        #expect(object?["samovar_send"] as? String == "s:1")
        #expect((object?["a"] as? Int) == (body.contains("22a") ? 1 : nil))
    }

    @Test(arguments: ["", "payload=", "other=%7B%7D", "payload=[1]"])
    func `a form without an object is not stamped`(body: String) {
        #expect(stamped(body, .form) == nil)
    }

    @Test
    func `stamps differ, and need no escaping`() {
        let stamps = (0..<100).map { _ in Stamp.fresh() }
        #expect(Set(stamps).count == 100)
        #expect(stamps.allSatisfy { $0.wholeMatch(of: #/[-0-9A-Za-z:.]+/#) != nil })
    }
}
