import Foundation
import Gitea
package import QueueCore
package import Settings

/// Decides what deliveries mean.
///
/// A pure function of a delivery's bytes and the configuration: it asks nobody, waits for nothing,
/// and says of every gate and every route what it said and why. One way leads there: the bytes are
/// decoded, header and body must agree, the gates look at the event, then each route does, and the
/// answers become a decision.
package struct Router: Sendable {
    private let routes: [(settings: RouteSettings, wish: GateWish)]
    private let gates: GateSettings
    private let trust: TrustSettings

    /// A router with these rules.
    ///
    /// - Parameters:
    ///   - routes: in the order of the configuration.
    ///   - gates: what routes get only when they ask for it.
    ///   - trust: who is a bot, and who is trusted without asking.
    package init(
        routes: [RouteSettings],
        gates: GateSettings = GateSettings(),
        trust: TrustSettings = TrustSettings()
    ) {
        self.routes = routes.map { ($0, GateWish($0.when)) }
        self.gates = gates
        self.trust = trust
    }

    /// The verdict on one stored delivery, with the jobs that follow from it: one for each route
    /// that matches, in the order of the configuration.
    package func decide(_ delivery: WaitingDelivery) -> Decision {
        if delivery.tries >= QueueCore.Limits.routingTriesMost { return .poison(delivery) }
        let payload: Data
        switch Self.payload(of: delivery) {
        case .success(let bytes): payload = bytes
        case .failure(let reason): return .malformed(delivery, reason.text, nil)
        }
        let digest = SHA256.hex(of: payload)
        do throws(PayloadError) {
            let event = try Self.event(of: delivery, payload)
            if let reason = event.disagreement {
                return .mismatched(delivery, event, reason, digest)
            }
            return try decide(delivery, event, digest)
        } catch {
            return .malformed(delivery, error.description, digest)
        }
    }

    /// Who a delivery is from, and about which repository.
    ///
    /// - Returns: nil when its payload cannot be read.
    package static func parties(of delivery: WaitingDelivery) -> EventParties? {
        guard case .success(let bytes) = payload(of: delivery),
            // What is wrong with it, the decision says.
            let event = try? event(of: delivery, bytes)
        else { return nil }
        let facts = EventFacts(event, delivery)
        // One of the wrong type names nobody.
        let (sender, repository) = (try? facts.sender, try? facts.repository)
        return EventParties(sender: sender?.text, repository: repository?.text)
    }

    /// What a delivery's signed bytes tell, together with its headers.
    static func event(
        of delivery: WaitingDelivery,
        _ payload: Data
    ) throws(PayloadError) -> Event {
        delivery.isTyped
            ? try .decode(type: delivery.eventType, payload: payload)
            : try .decode(event: delivery.eventType, payload: payload)
    }

    /// What a decision notes of a body, to be compared later.
    package static let payloadDigest: PayloadDigest = { body, contentType in
        ContentType(contentType)
            .flatMap { SignedBytes.of(body: body, contentType: $0) }
            .map { SHA256.hex(of: $0) }
    }

    private struct Unreadable: Error {
        var text: String
    }

    /// The bytes that were signed.
    private static func payload(of delivery: WaitingDelivery) -> Result<Data, Unreadable> {
        guard let contentType = ContentType(delivery.contentType) else {
            return .failure(Unreadable(text: "unknown content type \(delivery.contentType)"))
        }
        guard let payload = SignedBytes.of(body: delivery.body, contentType: contentType) else {
            return .failure(Unreadable(text: "the form body has no readable field 'payload'"))
        }
        return .success(payload)
    }
}

// MARK: - An event

extension Router {
    /// Asks the gates, then the routes.
    ///
    /// - Throws: when one of them reads a member of the payload that is not what it should be.
    private func decide(
        _ delivery: WaitingDelivery,
        _ event: Event,
        _ digest: String
    ) throws(PayloadError) -> Decision {
        let gates = try Gates(event, gates, bots: trust.bots)
        let facts = EventFacts(event, delivery)
        var sender = Sender(event, isVerified: delivery.verifiedBy != nil, trust)
        var answers: [RouteAnswer] = []
        answers.reserveCapacity(routes.count)
        for (route, wish) in routes {
            let outcome = try outcome(route, facts, delivery, gates.hold(on: wish), &sender)
            answers.append(RouteAnswer(route: route, outcome: outcome))
        }
        let jobs = answers.compactMap(\.job)
        return Decision(
            target: delivery.target,
            verdict: jobs.isEmpty ? .ignored : .routed,
            reason: jobs.isEmpty ? RouteAnswer.reason(for: answers) : nil,
            explanation: Explanation.json(event: event, gates: gates, answers: answers),
            payloadSHA256: digest,
            isTest: try event.isTestDelivery,
            loop: jobs.isEmpty ? nil : try watch(gates, event, delivery),
            jobs: jobs
        )
    }

    /// What one route says: its conditions first, then the gates, then the trust it asks for.
    private func outcome(
        _ route: RouteSettings,
        _ facts: EventFacts,
        _ delivery: WaitingDelivery,
        _ hold: GateVerdict?,
        _ sender: inout Sender
    ) throws(PayloadError) -> RouteAnswer.Outcome {
        let assumption: String?
        let command: GivenCommand?
        switch try RouteMatch(route, facts) {
        case .fails(let reason): return .fails(because: reason)
        case .matches(let assumed, let given):
            assumption = assumed
            command = given
        }
        if let hold { return .held(hold) }
        let verdict = try sender.verdict(route.trustNeed)
        if case .refused(let reason) = verdict { return .fails(because: reason) }
        var job = try Self.job(route, facts.event, command, source: delivery.source)
        // Owners' jobs too: until they start, owners and routes may have changed.
        job.trustNeeded = route.trustNeed?.text
        job.asksGitea = verdict == .asked
        return .job(job, trust: verdict, assuming: assumption)
    }

    private static func job(
        _ route: RouteSettings,
        _ event: Event,
        _ command: GivenCommand?,
        source: String
    ) throws(PayloadError) -> NewJob {
        let repository = try event.repository.fullName
        var lane: String?
        if let kind = route.lane { lane = try Lane.key(kind, event: event, source: source) }
        return NewJob(
            route: route.name,
            handler: HandlerName(rawValue: route.run),
            with: with(route, command),
            repo: repository ?? "",
            lane: lane,
            redelivery: route.isRerunWhenRedelivered ? .rerun : .once
        )
    }

    /// What the handler is told: the route's own, and the command that was given.
    ///
    /// It is kept with the job: another configuration must not make another command of it.
    private static func with(_ route: RouteSettings, _ command: GivenCommand?) -> String {
        guard let command else { return route.with }
        let argument = command.argument.map(JSONText.quoted) ?? "null"
        let name = JSONText.quoted(command.name)
        let rest = route.with == "{}" ? "}" : ",\(route.with.dropFirst())"
        return #"{"command":{"name":\#(name),"argument":\#(argument)}"# + rest
    }

    /// What the store is to count; nil when no bot caused this, or it is about no issue.
    ///
    /// A replay is what a person wants, and counts for nothing.
    private func watch(
        _ verdicts: Gates,
        _ event: Event,
        _ delivery: WaitingDelivery
    ) throws(PayloadError) -> LoopWatch? {
        guard case .delivery = delivery.target, verdicts.countsForLoop, let limit = gates.loop,
            let issue = try Lane.key(.issue, event: event, source: delivery.source)
        else { return nil }
        let repository = try event.repository.fullName ?? ""
        let number = try event.issue?.number ?? 0
        return LoopWatch(
            issue: issue,
            events: limit.events,
            window: limit.per,
            reason: "bots caused more than \(limit.text) on \(repository)#\(number)"
        )
    }
}

/// Who an event is from, and what it is about, for people.
package struct EventParties: Equatable, Sendable {
    /// The sender's name and id: `alice (3)`.
    package var sender: String?

    /// The repository's name and id: `o/r (17)`.
    package var repository: String?
}

/// Who caused an event, looked at once, and only for a route that wants to know.
private struct Sender {
    private let event: Event
    private let isVerified: Bool
    private let settings: TrustSettings
    private var decision: TrustDecision?
    private var decisionsOfCode: [TrustDecision]?

    init(_ event: Event, isVerified: Bool, _ settings: TrustSettings) {
        self.event = event
        self.isVerified = isVerified
        self.settings = settings
    }

    /// Whether the trust of the sender, and of those whose code it is, is enough for a route.
    mutating func verdict(_ need: TrustNeed?) throws(PayloadError) -> TrustVerdict {
        guard let need else { return TrustVerdict(isVerified: isVerified) }
        let sender = try ofSender()
        return try TrustVerdict(need.levels, need.isOfCode ? [sender] + ofCode() : [sender])
    }

    private mutating func ofSender() throws(PayloadError) -> TrustDecision {
        if let decision { return decision }
        let found = try TrustDecision(of: event, isVerified: isVerified, settings: settings)
        decision = found
        return found
    }

    private mutating func ofCode() throws(PayloadError) -> [TrustDecision] {
        if let decisionsOfCode { return decisionsOfCode }
        let found = try TrustDecision.ofCode(in: event, settings: settings)
        decisionsOfCode = found
        return found
    }
}
