import Foundation
import QueueCore
import Testing

@testable import Routing

@Suite
struct EventSubjectTests {
    private func subject(_ type: String, _ body: String) -> EventSubject? {
        EventSubject(
            of: WaitingDelivery(
                target: .delivery(DeliverySeq(rawValue: 1)),
                source: "default",
                id: DeliveryID(rawValue: "d"),
                event: type,
                eventType: type,
                contentType: "application/json",
                verifiedBy: "a",
                receivedAt: Timestamp(rawValue: 0),
                tries: 0,
                body: Data(body.utf8)
            )
        )
    }

    private let rest = #""repository":{"id":17,"full_name":"tea/pot"},"sender":{"login":"alice"}"#

    @Test
    func `an issue has a title, a push a branch or a tag`() {
        let issue = subject("issues", #"{"action":"opened","issue":{"title":"Boil"},\#(rest)}"#)
        #expect(issue?.title == "Boil")
        #expect(issue?.branch == nil)
        #expect(issue?.repository == "tea/pot")
        #expect(issue?.sender == "alice")
        #expect(subject("push", #"{"ref":"refs/heads/main",\#(rest)}"#)?.branch == "main")
        #expect(subject("push", #"{"ref":"refs/tags/v1",\#(rest)}"#)?.branch == "v1")
    }

    @Test
    func `what cannot be read has none, and what is not there is nil`() {
        #expect(subject("push", "{") == nil)
        let empty = subject("push", "{}")
        #expect(empty != nil)
        #expect(empty?.repository == nil && empty?.sender == nil && empty?.branch == nil)
    }
}
