/// Something an operator should know of though no delivery row tells it.
package struct Incident: Sendable {
    package enum Kind: String, Codable, Sendable {
        case bodyTooLarge = "body_too_large"
        case deliveryConflict = "delivery_conflict"
        /// A delivery that was verified was not stored, and its sender will not send it again.
        case deliveryLost = "delivery_lost"
        /// A spooled delivery that the schema refused.
        case deliveryRefused = "delivery_refused"
        /// Nobody listened for a while.
        case ingressDown = "ingress_down"
        /// Requests to a source whose method is not POST: hooks that are set to GET, or anybody.
        case methodRefused = "method_refused"
        /// Requests to a source that did not prove where they come from.
        case signatureRefused = "signature_refused"
        /// An append to the spool was cut short; nothing in it was acknowledged.
        case spoolTorn = "spool_torn"
        /// The spool had bytes that are not what was written.
        case spoolDamaged = "spool_damaged"
        /// Samovar's token may not ask Gitea for a sender's permission, who counts as readonly.
        case giteaForbidden = "gitea_forbidden"
        /// Bots kept causing work on one issue; its lane is paused.
        case loop

        /// Whether anybody who reaches the port can cause it: worth a look, and never an alarm.
        ///
        /// It is resolved by the next good delivery to its source.
        package var isOfStrangers: Bool {
            switch self {
            case .methodRefused, .signatureRefused: true
            case .bodyTooLarge, .deliveryConflict, .deliveryLost, .deliveryRefused, .ingressDown,
                .spoolTorn, .spoolDamaged, .giteaForbidden, .loop:
                false
            }
        }
    }

    /// What an incident is counted by: those with the same key share a row.
    package struct Key: Hashable, Sendable {
        package var kind: Kind
        package var source: String
        package var subject: String
    }

    package var kind: Kind
    package var source: String
    package var subject: String
    package var detail: String
    /// How often it happened since it was last recorded.
    package var count = 1
    /// When it happened first and last since then; nil when it is recorded at once.
    package private(set) var firstAt: Timestamp?
    package private(set) var lastAt: Timestamp?

    package var key: Key { Key(kind: kind, source: source, subject: subject) }

    package init(
        kind: Kind,
        source: String,
        subject: String,
        detail: String,
        at time: Timestamp? = nil
    ) {
        self.kind = kind
        self.source = source
        self.subject = subject
        self.detail = detail
        firstAt = time
        lastAt = time
    }

    /// Takes in what happened later under the same key.
    package mutating func add(_ later: Incident) {
        precondition(later.key == key, "incidents are counted by their key")
        count += later.count
        detail = later.detail
        lastAt = later.lastAt ?? lastAt
    }
}

/// As JSON, beside a store that could not be written.
extension Incident: Codable {}
