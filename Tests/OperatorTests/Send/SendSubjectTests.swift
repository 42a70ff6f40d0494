import Gitea
import Program
import Testing

@testable import Operator

@Suite
struct SendSubjectTests {
    private func subject(
        _ word: String,
        event: String? = nil,
        files: Set<String> = []
    ) throws(Failure) -> SendSubject {
        try SendSubject(word, eventType: event) { files.contains($0) }
    }

    private func status(
        _ word: String,
        event: String? = nil,
        files: Set<String> = []
    ) -> Program.ExitStatus? {
        let failure = #expect(throws: Failure.self) {
            try subject(word, event: event, files: files)
        }
        return failure?.status
    }

    @Test(arguments: SamplePayload.eventTypes)
    func `the name of an event is its sample, whatever files there are`(type: String) throws {
        #expect(try subject(type, files: [type]) == .sample(type))
    }

    @Test
    func `a JSON file needs to be told its event`() throws {
        let files: Set = ["./push", "a.json"]
        let expected = SendSubject.payload(file: "./push", eventType: "push")
        #expect(try subject("./push", event: "push", files: files) == expected)
        #expect(status("a.json", files: files) == .usage)
        #expect(status("a.json", event: "", files: files) == .usage)
    }

    @Test
    func `a recording knows its own event`() throws {
        #expect(try subject("a.HTTP", files: ["a.HTTP"]) == .recording(file: "a.HTTP"))
        #expect(status("a.http", event: "push", files: ["a.http"]) == .usage)
    }

    @Test
    func `a sample takes no other event`() {
        #expect(status("push", event: "issues") == .usage)
    }

    @Test
    func `a word that is neither is usage, a path that is missing is not found`() throws {
        #expect(status("pusj") == .usage)
        #expect(status("./pusj") == .notFound)
        #expect(status("body.json", event: "push") == .notFound)
        let failure = #expect(throws: Failure.self) { try subject("pusj") }
        #expect(failure?.hint?.contains("push, create") == true)
    }
}
