import QueueCore
import Testing

@Suite
struct AttemptTokenTests {
    static let read: [(String, Int64, Int64)] = [
        ("1.1", 1, 1), ("17.3", 17, 3), ("9223372036854775807.9223372036854775807", .max, .max),
    ]

    @Test(arguments: read)
    func `a token is read as it is printed`(text: String, job: Int64, attempt: Int64) {
        let token = AttemptToken(job: JobID(rawValue: job), attempt: attempt)
        #expect(AttemptToken(text) == token)
        #expect(token.description == text)
    }

    static let unread = [
        "", ".", "1", "1.", ".1", "1.1.", ".1.1", "1.1.1", "0.1", "1.0", "-1.1", "1.-1", "a.1",
        "1.a", " 1.1", "1.1 ", "1. 1", "1,1", "1.1\n", "9223372036854775808.1",
        "1.9223372036854775808", "0x1.1", "1e1.1", "١.١",
    ]

    @Test(arguments: unread)
    func `nothing else is a token`(text: String) {
        #expect(AttemptToken(text) == nil)
    }

    @Test
    func `attempts are numbered from 1`() async {
        await #expect(processExitsWith: .failure) {
            _ = AttemptToken(job: JobID(rawValue: 1), attempt: 0)
        }
    }
}
