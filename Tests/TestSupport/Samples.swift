package import QueueCore

import struct Foundation.Data

extension Delivery {
    /// A verified push of source `default`.
    package static func sample(
        id: String,
        body: String = "{}",
        eventType: String = "push",
        receivedAt: Timestamp = TestClock().now
    ) -> Delivery {
        Delivery(
            source: "default",
            id: DeliveryID(rawValue: id),
            event: eventType,
            eventType: eventType,
            targetType: "repository",
            receivedAt: receivedAt,
            remote: "127.0.0.1",
            contentType: "application/json",
            headers: "{}",
            verifiedBy: "test",
            body: Data(body.utf8)
        )
    }

    /// A push as small as a push can be, like no other but those of its number.
    package static func push(_ number: Int, id: String) -> Delivery {
        let before = String(repeating: "1", count: 40)
        let after = String(repeating: "2", count: 40)
        return sample(
            id: id,
            body: #"{"ref":"refs/heads/main","before":"\#(before)","after":"\#(after)","#
                + #""n":\#(number)}"#
        )
    }
}
