import TestSupport
import Testing

@testable import Ingress

@Suite
struct HeadEndTests {
    /// Where the head ends when the bytes come in such parts; nil when it does not.
    private func end(_ parts: [[UInt8]]) -> Int? {
        var end = HeadEnd()
        var before = 0
        for part in parts {
            if let found = unsafe part.withUnsafeBytes({ unsafe end.look(at: $0) }) {
                return before + found
            }
            before += part.count
            #expect(end.bytes == before)
        }
        return nil
    }

    @Test
    func `the end is found however the bytes are cut`() {
        let text = "POST / HTTP/1.1\r\nHost: a\n\r\r\n\r\nbody\r\n\r\n"
        let bytes = Array(text.utf8)
        let whole = end([bytes])
        #expect(whole == bytes.count - "body\r\n\r\n".utf8.count)
        for cut in 0...bytes.count {
            #expect(end([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole)
        }
        #expect(end(bytes.map { [$0] }) == whole)
    }

    @Test(arguments: ["", "\r\n", "\r\n\r", "\n\r\n", "a\n\n", "a\r\n \r\n", "\r\r\n\n\r\r\n"])
    func `what has no empty line has no end`(text: String) {
        #expect(end([Array(text.utf8)]) == nil)
        #expect(end(text.utf8.map { [$0] }) == nil)
    }
}
