import Gitea
import GiteaClient
import Logging
import Program
import QueueCore
import Routing
import Settings
import Telemetry

/// Finds out how far a job's sender is trusted, right before the job starts: rights may have
/// changed while it waited.
///
/// Who is an owner is said by the configuration alone; the rest by Gitea, for a short time from
/// memory. What cannot be known is never guessed upward.
final class TrustInquiry: Sendable {
    private let trust: TrustSettings
    private let cache = TrustCache()
    /// Nil when the configuration has no section `gitea`.
    private let client: GiteaClient?
    private let reports: GiteaReports
    private let logger: Logger

    /// ``close()`` must be called in the end.
    init(_ configuration: Configuration, reports: GiteaReports, logger: Logger) {
        trust = configuration.trust
        self.reports = reports
        self.logger = logger
        var patience = GiteaClient.Patience()
        // The job itself is tried again: here only what a restart of Gitea costs.
        patience.tries = 2
        client = configuration.gitea.map { [patience] gitea in
            GiteaClient(
                gitea,
                userAgent: "samovar/\(ProgramVersion.current)",
                patience: patience,
                logger: logger
            )
        }
    }

    /// The levels that a job's sender must have one of; nil when it does not matter.
    ///
    /// Those of its route when the job was made: what the routes say now is for new ones.
    static func levels(for job: ClaimedJob) -> [TrustLevel]? {
        job.trustNeeded.map { TrustNeed(text: $0)?.levels ?? [] }
    }

    /// Finds out for a job that takes these levels; Gitea is asked only where that can help.
    func finding(for job: ClaimedJob, _ levels: [TrustLevel]) async -> TrustFinding {
        let finding = await find(job, levels)
        var metadata: Logger.Metadata = ["job.id": "\(job.token.job)", "route": "\(job.route)"]
        switch finding {
        case .level(let level, let reason):
            metadata["trust"] = "\(level.rawValue)"
            metadata["reason"] = "\(reason)"
            logger.info("trust is known", metadata: metadata)
        case .refused(let reason):
            metadata["reason"] = "\(reason)"
            logger.info("trust is not enough", metadata: metadata)
        case .unknown(let reason, _):
            metadata["error"] = "\(reason)"
            logger.warning("trust could not be asked", metadata: metadata)
        }
        return finding
    }

    /// The lowest level of everybody who is asked about, or the first that is not enough.
    private func find(_ job: ClaimedJob, _ levels: [TrustLevel]) async -> TrustFinding {
        let sender: TrustDecision
        let code: [TrustDecision]
        do throws(PayloadError) {
            guard let event = try HandlerPayload.event(of: job) else {
                return .level(.readonly, because: "the delivery has no readable payload")
            }
            sender = try TrustDecision(
                of: event,
                isVerified: job.delivery.verifiedBy != nil,
                settings: trust
            )
            let isOfCode = job.trustNeeded.flatMap { TrustNeed(text: $0) }?.isOfCode ?? false
            code = isOfCode ? try TrustDecision.ofCode(in: event, settings: trust) : []
        } catch {
            return .level(.readonly, because: error.description)
        }
        var lowest = await find(sender, levels, job)
        for decision in code {
            guard case .level(let least, _) = lowest, levels.contains(least) else { return lowest }
            let found = await find(decision, levels, job)
            guard case .level(let level, let reason) = found else { return found }
            guard levels.contains(level) else {
                return .refused(
                    because: "the code is of somebody who is \(level.rawValue) (\(reason)), not "
                        + levels.words
                )
            }
            if level < least { lowest = found }
        }
        return lowest
    }

    private func find(
        _ decision: TrustDecision,
        _ levels: [TrustLevel],
        _ job: ClaimedJob
    ) async -> TrustFinding {
        switch decision {
        case .decided(let level, let reason): return .level(level, because: reason)
        case .ask(let question):
            // Only owners may, or nobody: Gitea knows none.
            guard levels.needsGitea else { return .refused(because: question.isNoOwner) }
            return await ask(question, for: job)
        }
    }

    private func ask(_ question: TrustQuestion, for job: ClaimedJob) async -> TrustFinding {
        let key = TrustCache.Key(user: question.user, repository: question.repository)
        let subject = "user \(key.user) in repository \(key.repository)"
        if let known = cache.answer(key, notOlderThan: trust.cache) {
            let since = "asked \(Int(known.age.seconds)) s ago"
            return .level(known.level, because: "\(subject): \(known.permission), \(since)")
        }
        guard let client else {
            return .unknown(reason: "the configuration has no section gitea", notBefore: .zero)
        }
        do throws(GiteaError) {
            let access = try await client.access(
                of: question.user,
                called: question.login,
                in: question.repository
            )
            reports.questions.add(to: .answered)
            let (level, shown) = Self.level(of: access)
            if let doubt = access.doubt {
                await report(doubt, .teams, question, job)
                return .level(level, because: "\(subject): \(shown), teams could not be asked")
            }
            cache.keep(key, level, permission: shown)
            return .level(level, because: "\(subject): \(shown)")
        } catch {
            if let answer = GiteaAnswer(error) { reports.questions.add(to: answer) }
            if case .forbidden = error { await report(error, .permissions, question, job) }
            return Self.finding(for: error, subject)
        }
    }

    /// What a token may not ask for.
    private enum Blindness {
        case permissions, teams

        var message: Logger.Message {
            switch self {
            case .permissions:
                "Gitea's token may not ask for permissions: senders count as readonly"
            case .teams:
                "Gitea's token may not ask for teams: their members may count for too little"
            }
        }

        var consequence: String {
            switch self {
            case .permissions: "senders count as readonly"
            case .teams: "members of teams may count for too little"
            }
        }
    }

    /// A token that may not ask makes everybody readonly: that must not pass for people's lack of
    /// rights.
    private func report(
        _ error: GiteaError,
        _ blindness: Blindness,
        _ question: TrustQuestion,
        _ job: ClaimedJob
    ) async {
        logger.warning(
            blindness.message,
            metadata: [
                "job.id": "\(job.token.job)", "route": "\(job.route)",
                "repository.id": "\(question.repository)", "error": "\(error)",
            ]
        )
        await reports.record(
            Incident(
                kind: .giteaForbidden,
                source: job.delivery.source,
                subject: "repository \(question.repository)",
                detail: "\(blindness.consequence): \(error)"
            )
        )
    }

    /// What a permission of Gitea's is worth, and how it is called; a word that is not known is
    /// worth nothing.
    static func level(of access: GiteaAccess) -> (level: TrustLevel, shown: String) {
        let how =
            switch access.evidence {
            case .permission: ""
            case .asAccount: " as the account sees it"
            case .team(let id): " by team \(id)"
            }
        return switch access.permission {
        case "write", "admin", "owner": (.contributor, "permission \(access.permission)\(how)")
        case "read": (.reader, "permission read\(how)")
        case "none": (.readonly, "permission none")
        default: (.readonly, "a permission that is not known")
        }
    }

    /// What is sure is `readonly`, and what may pass is asked again.
    static func finding(for error: GiteaError, _ subject: String) -> TrustFinding {
        switch error {
        case .forbidden, .notFound: .level(.readonly, because: "\(subject): \(error)")
        case .rateLimited(let time): .unknown(reason: "\(error)", notBefore: time ?? .zero)
        case .unreachable, .interrupted, .timeout, .cancelled, .noToken, .unauthorized, .refused,
            .server, .malformed, .redirected, .tooLarge:
            .unknown(reason: "\(error)", notBefore: .zero)
        }
    }

    /// Closes connections; called when nothing is asked any more, or was told to stop.
    func close() async {
        await client?.close()
    }
}
