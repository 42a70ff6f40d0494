import Gitea
import Settings

/// What all gates say of an event, before any route is asked.
///
/// A pure function of the event and the settings: nothing is counted here, nobody is asked. What
/// the payload shows of no use holds nothing back: it is a mistake where a route asks for it.
struct Gates: Sendable {
    /// One for each gate, in the order in which they hold.
    let verdicts: [GateVerdict]

    /// The bot that caused the event; nil for people.
    let bot: Int64?

    /// - Parameters:
    ///   - event: what happened.
    ///   - settings: what each gate does.
    ///   - bots: the ids of the accounts that programs use.
    /// - Throws: when the commits that a push begins and ends with are no texts.
    init(_ event: Event, _ settings: GateSettings, bots: Set<Int64>) throws(PayloadError) {
        // One of the wrong type is nobody's.
        let sender = (try? event.sender.id) ?? nil
        let bot = sender.flatMap { Self.isBot($0, event, bots) ? $0 : nil }
        let echo = Self.echo(event, bot: bot, settings.markers)
        verdicts = [
            Self.bots(sender, bot: bot, settings.bots),
            echo,
            try Self.tests(event, settings.tests),
            Self.mirrors(event, settings.mirrors),
            Self.loop(event, bot: bot, isEcho: echo.word == .hold, settings.loop),
        ]
        self.bot = bot
    }

    /// Whether the store counts it: a bot caused it, and it is about an issue.
    var countsForLoop: Bool { verdicts.contains { $0.word == .counted } }

    /// The gate that holds the event back from a route: the first that does, but for an echo, which
    /// tells more than that a bot wrote it.
    func hold(on wish: GateWish) -> GateVerdict? {
        if let echo = verdicts.first(where: { $0.gate == .echo && $0.word == .hold }) {
            return echo
        }
        return verdicts.first { verdict in
            guard verdict.word == .hold else { return false }
            return switch verdict.gate {
            case .bots: !(bot.map(wish.senders.contains) ?? false)
            case .tests: !wish.tests
            case .mirrors: !wish.mirrors
            // What a handler wrote is never news to it, and nobody can want a loop.
            case .echo, .loop: true
            }
        }
    }
}

// MARK: - One gate after the other

extension Gates {
    /// The id of the user that Gitea's own actions are.
    ///
    /// - Source: go-gitea/gitea: models/user/user_system.go
    private static let actionsUser: Int64 = -2

    private static func isBot(_ sender: Int64, _ event: Event, _ bots: Set<Int64>) -> Bool {
        // Runs and statuses are reported by the actions themselves: that is no answer to anything.
        bots.contains(sender) || (sender == actionsUser && event.run == nil)
    }

    private static func bots(_ sender: Int64?, bot: Int64?, _ mode: GateMode) -> GateVerdict {
        guard let sender else { return GateVerdict(.bots, .pass, "the event has no sender") }
        guard let bot else { return GateVerdict(.bots, .pass, "sender \(sender) is no bot") }
        let who =
            bot == actionsUser ? "sender -2 is Gitea's actions" : "sender \(bot) is in trust.bots"
        return switch mode {
        case .skip: GateVerdict(.bots, .hold, who)
        case .run: GateVerdict(.bots, .pass, "\(who); gates.bots is run")
        }
    }

    /// Only a bot's marker counts: anybody can copy one, and must not become invisible by it.
    private static func echo(
        _ event: Event,
        bot: Int64?,
        _ words: [String]
    ) -> GateVerdict {
        guard let bot else {
            return GateVerdict(.echo, .pass, "no bot sent it: markers do not count")
        }
        // A text that is none cannot have a marker.
        guard let text = (try? event.writtenText) ?? nil else {
            return GateVerdict(.echo, .pass, "nothing was written")
        }
        guard let marker = Marker.first(in: text, words: words) else {
            return GateVerdict(.echo, .pass, "no marker is in the text")
        }
        return GateVerdict(.echo, .hold, "bot \(bot) wrote \(marker.shown)")
    }

    private static func tests(
        _ event: Event,
        _ mode: GateMode
    ) throws(PayloadError) -> GateVerdict {
        guard try event.isTestDelivery else {
            return GateVerdict(.tests, .pass, "no test delivery")
        }
        return switch mode {
        case .skip: GateVerdict(.tests, .hold, "Gitea's test delivery: before is after")
        case .run: GateVerdict(.tests, .pass, "Gitea's test delivery; gates.tests is run")
        }
    }

    /// - Source: go-gitea/gitea: services/webhook/notifier.go (SyncPushCommits)
    private static func mirrors(_ event: Event, _ mode: GateMode) -> GateVerdict {
        // Only a true is a mirror; anything else is said where a route asks.
        let isMirror = (try? event.repository.isMirror) == true
        guard event.known?.isAboutReference == true, isMirror else {
            return GateVerdict(.mirrors, .pass, "no push to a mirror")
        }
        return switch mode {
        case .skip: GateVerdict(.mirrors, .hold, "the repository is a mirror: nobody pushed here")
        case .run: GateVerdict(.mirrors, .pass, "the repository is a mirror; gates.mirrors is run")
        }
    }

    private static func loop(
        _ event: Event,
        bot: Int64?,
        isEcho: Bool,
        _ settings: LoopSettings?
    ) -> GateVerdict {
        guard let settings else { return GateVerdict(.loop, .pass, "gates.loop is none") }
        guard bot != nil else { return GateVerdict(.loop, .pass, "no bot sent it") }
        guard !isEcho else { return GateVerdict(.loop, .pass, "an echo makes no job") }
        // Numbers of the wrong type name nothing to count on.
        let issue = (try? event.issue?.number) ?? nil
        let repository = (try? event.repository.id) ?? nil
        guard issue != nil, repository != nil else {
            return GateVerdict(.loop, .pass, "it is about no issue")
        }
        return GateVerdict(
            .loop,
            .counted,
            "counts if it makes a job: bots may cause \(settings.text)"
        )
    }
}

extension GateVerdict {
    fileprivate init(_ gate: Gate, _ word: Word, _ because: String) {
        self.init(gate: gate, word: word, because: because)
    }
}

extension EventType {
    /// Whether it tells of a branch or tag.
    fileprivate var isAboutReference: Bool {
        self == .push || self == .create || self == .delete
    }
}

extension Event {
    /// The text that this event brought into the world; nil when it is about something else.
    ///
    /// A label on an issue whose text has a marker is no echo: nobody wrote that text just now. Nor
    /// is what a sender changes in somebody else's text, which may show a marker to explain it.
    fileprivate var writtenText: String? {
        get throws(PayloadError) {
            if let review { return try review.content }
            let action = try action
            if action == "edited", try !isOwnTextEdited { return nil }
            if let comment { return action == "deleted" ? nil : try comment.body }
            guard known == .issues || known == .pullRequest else { return nil }
            return action == "opened" || action == "edited" ? try issue?.body : nil
        }
    }

    /// Whether the sender changed a text that is the sender's own, not the title or another's.
    private var isOwnTextEdited: Bool {
        get throws(PayloadError) {
            guard isBodyChanged else { return false }
            if let comment { return try comment.isByItsAuthor == true }
            guard let author = try issue?.author.id else { return false }
            return try author == sender.id
        }
    }
}
