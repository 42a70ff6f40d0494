/// What the headers of a webhook say.
package struct WebhookHeaders: Sendable {
    /// Gitea's id of the delivery, 1 to 128 printable ASCII characters; a UUID as a rule.
    package let deliveryID: String

    /// The grouped event, `issues`; empty for `package` before Gitea 1.23 and in Forgejo.
    package let event: String

    /// The exact event, `issue_label`; the same as `event` where the server sends none.
    package let eventType: String

    /// Whether a header says the exact event: Gogs, and Gitea before 1.16, send none.
    package let isTyped: Bool

    /// What the hook belongs to: `repository`, `organization`, `user`, `system` or `default`.
    ///
    /// Nil before Gitea 1.24 and in Forgejo, and where the header says something that is no name.
    package let targetType: String?

    /// The headers that `deliveryID`, `event` and `eventType` come from.
    package let family: HeaderFamily

    /// Every signature header that is not empty, repeated ones too.
    package let signatures: [PresentedSignature]

    /// The first signature header without a value: what Gitea sends for a hook without a secret.
    package let emptySignature: PresentedSignature.Header?

    /// What the body is.
    package let contentType: ContentType

    /// The headers that are kept with the delivery, in the order they came in.
    ///
    /// Names as sent, each once, the first of repeated ones. An allow-list: signatures,
    /// `Authorization`, cookies and whatever a proxy adds are never in it.
    package let stored: [(name: String, value: String)]

    /// Reads the headers in one pass and checks them in the order of the ingress's answers.
    ///
    /// - Throws: `.unsupportedContentType` first, then `.missingDelivery`, then
    ///   `.malformedDelivery`.
    /// - Source: go-gitea/gitea: services/webhook/deliver.go (addDefaultHeaders)
    package init(
        _ headers: some Sequence<(name: String, value: String)>
    ) throws(WebhookRejection) {
        var collected = CollectedHeaders()
        for (name, value) in headers {
            collected.add(name: name, value: value)
        }
        guard let contentType = collected.contentType else { throw .unsupportedContentType }
        guard !collected.isAmbiguous else {
            throw .malformedDelivery(
                reason: "a header with the delivery id, the event or the event type is there twice"
            )
        }
        guard let (family, said) = collected.firstComplete else { throw .missingDelivery }
        try Self.check(said)

        self.contentType = contentType
        self.family = family
        deliveryID = said.deliveryID
        event = said.event
        eventType = said.eventType.isEmpty ? said.event : said.eventType
        isTyped = !said.eventType.isEmpty
        targetType = collected.targetType
        signatures = collected.signatures
        emptySignature = collected.emptySignature
        stored = collected.stored
    }

    private static func check(_ said: FamilyHeaders) throws(WebhookRejection) {
        guard said.deliveryID.isDeliveryID else {
            throw .malformedDelivery(
                reason: "the delivery id is not 1 to \(Limits.deliveryIDLengthMax) "
                    + "printable ASCII characters without spaces"
            )
        }
        let names = [said.event, said.eventType]
        guard names.allSatisfy({ $0.isEmpty || $0.isEventName }) else {
            throw .malformedDelivery(
                reason: "the event or the event type is not 1 to \(Limits.eventNameLengthMax) "
                    + "letters, digits, '_', '.' or '-'"
            )
        }
    }
}

/// What the headers of one family say; empty where there is none.
private struct FamilyHeaders {
    var deliveryID = ""
    var event = ""
    var eventType = ""
    var targetType = ""

    var isComplete: Bool { !deliveryID.isEmpty && !(event.isEmpty && eventType.isEmpty) }
}

/// The state of the one pass over the headers.
private struct CollectedHeaders {
    private(set) var contentType: ContentType?
    private(set) var signatures: [PresentedSignature] = []
    /// Whether a delivery could be called by two names: who is in between may read the other one.
    private(set) var isAmbiguous = false
    private(set) var emptySignature: PresentedSignature.Header?
    private(set) var stored: [(name: String, value: String)] = []
    private var gitea = FamilyHeaders()
    private var forgejo = FamilyHeaders()
    private var gogs = FamilyHeaders()
    private var gitHub = FamilyHeaders()
    /// One bit for each `HeaderName.number` that was there.
    private var seen: UInt64 = 0

    init() {
        // What Gitea 1.24 sends: eleven of three families, Content-Type, User-Agent.
        stored.reserveCapacity(14)
        signatures.reserveCapacity(4)
    }

    /// The first family that names a delivery and an event.
    var firstComplete: (HeaderFamily, FamilyHeaders)? {
        if gitea.isComplete { return (.gitea, gitea) }
        if forgejo.isComplete { return (.forgejo, forgejo) }
        if gogs.isComplete { return (.gogs, gogs) }
        return nil
    }

    /// The first target type that is a name.
    var targetType: String? {
        if gitea.targetType.isEventName { return gitea.targetType }
        if forgejo.targetType.isEventName { return forgejo.targetType }
        if gitHub.targetType.isEventName { return gitHub.targetType }
        return nil
    }

    mutating func add(name: String, value: String) {
        guard let header = HeaderName(name) else { return }
        if header.field == .signature {
            addSignature(value, from: header.source)
            return
        }
        let bit: UInt64 = 1 << UInt64(header.number)
        guard seen & bit == 0 else {
            isAmbiguous = isAmbiguous || header.names
            return
        }
        seen |= bit
        let value = value.trimmedHeaderValue
        stored.append((name: name, value: value))
        switch header.source {
        case .gitea: Self.set(header.field, of: &gitea, to: value)
        case .forgejo: Self.set(header.field, of: &forgejo, to: value)
        case .gogs: Self.set(header.field, of: &gogs, to: value)
        case .gitHub: Self.set(header.field, of: &gitHub, to: value)
        case .hub: break
        case .standard:
            if header.field == .contentType { contentType = ContentType(value) }
        }
    }

    private mutating func addSignature(_ value: String, from source: HeaderName.Source) {
        let header: PresentedSignature.Header
        switch source {
        case .gitea: header = .gitea
        case .forgejo: header = .forgejo
        case .gogs: header = .gogs
        case .hub: header = .hub
        case .gitHub, .standard: return
        }
        if let signature = PresentedSignature(header: header, value: value) {
            signatures.append(signature)
        } else {
            emptySignature = emptySignature ?? header
        }
    }

    private static func set(
        _ field: HeaderName.Field,
        of family: inout FamilyHeaders,
        to value: String
    ) {
        switch field {
        case .delivery: family.deliveryID = value
        case .event: family.event = value
        case .eventType: family.eventType = value
        case .targetType: family.targetType = value
        case .signature, .contentType, .userAgent: break
        }
    }
}
