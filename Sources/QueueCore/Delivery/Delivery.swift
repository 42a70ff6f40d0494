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

/// Something an operator should know of though no delivery row tells it.
package struct Incident: Sendable {
    package enum Kind: String, Sendable {
        case bodyTooLarge = "body_too_large"
        case deliveryConflict = "delivery_conflict"
        /// A spooled delivery that the schema refused.
        case deliveryRefused = "delivery_refused"
        /// An append to the spool was cut short; nothing in it was acknowledged.
        case spoolTorn = "spool_torn"
        /// The spool had bytes that are not what was written.
        case spoolDamaged = "spool_damaged"
        /// Samovar's token may not ask Gitea for a sender's permission, who counts as readonly.
        case giteaForbidden = "gitea_forbidden"
        /// Bots kept causing work on one issue; its lane is paused.
        case loop
    }

    package var kind: Kind
    package var source: String
    /// What it is counted by: incidents of one kind, source and subject share a row.
    package var subject: String
    package var detail: String
    /// How often it happened since it was last recorded.
    package var count = 1

    package init(kind: Kind, source: String, subject: String, detail: String) {
        self.kind = kind
        self.source = source
        self.subject = subject
        self.detail = detail
    }
}
