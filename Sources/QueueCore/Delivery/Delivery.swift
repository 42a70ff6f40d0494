package import struct Foundation.Data

/// A delivery's place in the order of acceptance; the rowid of table `delivery`.
package struct DeliverySeq: RawRepresentable, Hashable, Comparable, Sendable,
    CustomStringConvertible
{
    package var rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }

    package var description: String { String(rawValue) }
}

/// The id Gitea gave a delivery (`X-Gitea-Delivery`), unique within one source.
package struct DeliveryID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package var rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package var description: String { rawValue }
}

/// One webhook request, as it is to be stored.
package struct Delivery: Sendable {
    package var source: String
    package var id: DeliveryID
    package var event: String
    package var eventType: String
    package var targetType: String?
    package var receivedAt: Timestamp
    package var remote: String
    package var contentType: String
    /// The webhook's own headers as a JSON object.
    package var headers: String
    /// Id of the secret that verified the signature; nil for unverified.
    package var verifiedBy: String?
    /// The bytes of the request, exactly as sent.
    package var body: Data

    package init(
        source: String,
        id: DeliveryID,
        event: String,
        eventType: String,
        targetType: String?,
        receivedAt: Timestamp,
        remote: String,
        contentType: String,
        headers: String,
        verifiedBy: String?,
        body: Data
    ) {
        self.source = source
        self.id = id
        self.event = event
        self.eventType = eventType
        self.targetType = targetType
        self.receivedAt = receivedAt
        self.remote = remote
        self.contentType = contentType
        self.headers = headers
        self.verifiedBy = verifiedBy
        self.body = body
    }
}

/// What became of a delivery that was handed to the store.
package enum Acceptance: Equatable, Sendable {
    /// Stored; it survives a power cut.
    case accepted(DeliverySeq)
    /// The same id with the same bytes was stored before; the repeat is counted.
    case duplicate(DeliverySeq)
    /// The same id with other bytes was stored before; nothing but an incident is kept.
    case conflict(DeliverySeq)
}

/// What became of a spooled delivery that was handed to the store.
package enum Import: Equatable, Sendable {
    /// Stored now; it survives a power cut.
    case imported(DeliverySeq)
    /// The same id with the same bytes is there: most likely itself, imported before a crash.
    case known(DeliverySeq)
    /// The same id with other bytes is there; an incident is kept.
    case conflict(DeliverySeq)
    /// The schema refuses it, whenever it comes; an incident is kept.
    case refused(reason: String)
}
