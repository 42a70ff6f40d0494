import Foundation
import Gitea
import Testing

@Suite
struct RecordedDeliveryTests {
    @Test
    func `a file is read byte for byte`() throws {
        let file = "POST /a?b=c HTTP/1.1\r\nHost: x:1\r\nX-Empty:\r\nX: a: b \r\n\r\n\r\nbody\n"
        let recorded = try RecordedDelivery.parse(Data(file.utf8))
        #expect(recorded.method == "POST")
        #expect(recorded.target == "/a?b=c")
        #expect(recorded.headers.map(\.name) == ["Host", "X-Empty", "X"])
        #expect(recorded.headers.map(\.value) == ["x:1", "", "a: b"])
        #expect(recorded.body == Data("\r\nbody\n".utf8))
    }

    @Test
    func `lines may end in LF and the body may be empty or binary`() throws {
        let empty = try RecordedDelivery.parse(Data("GET / HTTP/1.0\n\n".utf8))
        #expect(empty.headers.isEmpty && empty.body.isEmpty)
        let binary = Data([0x00, 0xFF, 0x0A, 0x0D])
        let head = Data("POST / HTTP/1.1\nContent-Length: 4\n\n".utf8)
        #expect(try RecordedDelivery.parse(head + binary).body == binary)
    }

    @Test(arguments: [
        "", "POST / HTTP/1.1", "POST / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nHost: x\r\n",
        "POST /\r\n\r\n", "\r\n\r\n", "POST  HTTP/1.1\r\n\r\n", "POST / HTTP/2\r\n\r\n",
        "POST / HTTP/1.1\r\nno colon\r\n\r\n", "POST / HTTP/1.1\r\n: x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nbody",
        "POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nbody",
    ])
    func `anything else is refused`(file: String) {
        #expect(throws: RecordingError.self) { try RecordedDelivery.parse(Data(file.utf8)) }
    }

    @Test(arguments: Recording.all)
    func `a recording is a POST with the declared length`(_ recording: Recording) throws {
        let recorded = try recording.read()
        #expect(recorded.method == "POST")
        let length = recorded.headers.first { $0.name == "Content-Length" }
        #expect(length?.value == String(recorded.body.count))
    }
}
