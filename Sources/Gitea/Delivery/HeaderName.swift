/// A header of a webhook that Samovar looks at.
struct HeaderName {
    /// The word after `X-`.
    enum Source: Int {
        case gitea, forgejo, gogs, gitHub, hub, standard
    }

    /// What the header says.
    enum Field: Int {
        case delivery, event, eventType, targetType, signature, contentType, userAgent
    }

    let source: Source
    let field: Field

    /// A number below 64, different for each header.
    var number: Int { source.rawValue << 3 | field.rawValue }

    /// Whether it says which delivery or event it is, to somebody who reads it.
    var names: Bool {
        switch field {
        case .delivery, .event, .eventType: source != .gitHub
        case .targetType, .signature, .contentType, .userAgent: false
        }
    }

    /// Recognizes a name of any case; nil for all others.
    init?(_ name: String) {
        let text = name.utf8.span
        if text.count > 2, text.matches("x-", in: 0..<2) {
            guard let source = Self.source(in: text) else { return nil }
            let start = 2 + source.lengthWithDash
            guard let field = Self.field(of: source, in: text, start..<text.count) else {
                return nil
            }
            self.source = source
            self.field = field
        } else if text.matches("content-type", in: 0..<text.count) {
            source = .standard
            field = .contentType
        } else if text.matches("user-agent", in: 0..<text.count) {
            source = .standard
            field = .userAgent
        } else {
            return nil
        }
    }

    private static func source(in text: borrowing Span<UInt8>) -> Source? {
        func begins(_ prefix: String) -> Bool {
            text.count >= 2 + prefix.utf8.count
                && text.matches(prefix, in: 2..<2 + prefix.utf8.count)
        }
        if begins("gitea-") { return .gitea }
        if begins("github-") { return .gitHub }
        if begins("gogs-") { return .gogs }
        if begins("forgejo-") { return .forgejo }
        if begins("hub-") { return .hub }
        return nil
    }

    private static func field(
        of source: Source,
        in text: borrowing Span<UInt8>,
        _ range: Range<Int>
    ) -> Field? {
        switch source {
        case .standard:
            return nil
        case .hub:
            // X-Hub-Signature is SHA-1 and does not exist for us.
            return text.matches("signature-256", in: range) ? .signature : nil
        case .gitea, .forgejo, .gogs, .gitHub:
            // Told apart by length first: one comparison per header.
            switch range.count {
            case 5: return text.matches("event", in: range) ? .event : nil
            case 8: return text.matches("delivery", in: range) ? .delivery : nil
            case 9:
                // GitHub signs with X-Hub-Signature-256; there is no X-GitHub-Signature.
                guard source != .gitHub else { return nil }
                return text.matches("signature", in: range) ? .signature : nil
            case 10: return text.matches("event-type", in: range) ? .eventType : nil
            case 29:
                return text.matches("hook-installation-target-type", in: range) ? .targetType : nil
            default: return nil
            }
        }
    }
}

extension HeaderName.Source {
    fileprivate var lengthWithDash: Int {
        switch self {
        case .gitea: 6
        case .forgejo: 8
        case .gogs: 5
        case .gitHub: 7
        case .hub: 4
        case .standard: 0
        }
    }
}
