import Gitea
import NIOCore
import QueueCore
import Synchronization
import Telemetry

/// What the ingress counts.
final class IngressMetrics: Sendable {
    /// An answer without its details, as a label.
    enum AnswerKind: String, CaseIterable, MetricLabel {
        static let labelName = "answer"

        case accepted
        case spooled
        case duplicate
        case conflict
        case malformedRequest = "malformed_request"
        case headTooLarge = "head_too_large"
        case notFound = "not_found"
        case forbidden
        case methodNotAllowed = "method_not_allowed"
        case unsupportedContentType = "unsupported_content_type"
        case badRequest = "bad_request"
        case tooLarge = "body_too_large"
        case timeout
        case unauthorized
        case tooManyFailures = "too_many_failures"
        case unavailable

        init(_ answer: Answer) {
            self =
                switch answer {
                case .malformedRequest: .malformedRequest
                case .headTooLarge: .headTooLarge
                case .notFound: .notFound
                case .forbidden: .forbidden
                case .methodNotAllowed: .methodNotAllowed
                case .unsupportedContentType, .unsupportedContentEncoding: .unsupportedContentType
                case .badRequest: .badRequest
                case .tooLarge: .tooLarge
                case .timeout: .timeout
                case .unauthorized: .unauthorized
                case .tooManyFailures: .tooManyFailures
                case .duplicate: .duplicate
                case .conflict: .conflict
                case .unavailable: .unavailable
                case .accepted: .accepted
                case .spooled: .spooled
                }
        }
    }

    /// A source of the configuration, as a label.
    struct SourceName: MetricLabel {
        static let labelName = "source"
        var labelValue: String
    }

    /// A secret of a source, as a label.
    struct SecretID: MetricLabel {
        static let labelName = "secret"
        var labelValue: String
    }

    typealias Secret = LabelPair<SourceName, SecretID>

    private let requests = Counters(
        "samovar_requests_total",
        "Requests answered, by answer.",
        LabelSet<AnswerKind>.all
    )
    private let unverified = Counter(
        "samovar_unverified_total",
        "Deliveries stored without a signature, as verify: observe allows."
    )
    private let batches = Histogram(
        "samovar_commit_deliveries",
        "Deliveries in one commit.",
        .batches
    )
    private let lastUses = Mutex<[Secret: Double]>([:])

    func count(_ answer: Answer) {
        requests.add(to: AnswerKind(answer))
    }

    /// A batch is stored.
    func count(_ deliveries: some Sequence<Delivery>, _ acceptances: [Acceptance]) {
        batches.observe(Double(acceptances.count))
        var latest: Delivery?
        for (delivery, acceptance) in zip(deliveries, acceptances) {
            if delivery.verifiedBy == nil, case .accepted = acceptance { unverified.add() }
            // One secret signs most of a batch: noted once.
            if let latest,
                latest.verifiedBy != delivery.verifiedBy || latest.source != delivery.source
            {
                noteUse(latest)
            }
            latest = delivery
        }
        if let latest { noteUse(latest) }
    }

    private func noteUse(_ delivery: Delivery) {
        guard let secret = delivery.verifiedBy else { return }
        let label = Secret(SourceName(labelValue: delivery.source), SecretID(labelValue: secret))
        let time = Double(delivery.receivedAt.rawValue) / 1_000_000
        lastUses.withLock { $0[label] = time }
    }

    /// All families.
    ///
    /// - Parameters:
    ///   - shared: what is configured now, and what waits.
    ///   - registry: looked at on its event loop, which is the health port's too.
    /// - Returns: the families, to be shown with others.
    func all(
        _ shared: IngressService.Shared,
        _ registry: NIOLoopBoundBox<ConnectionRegistry>
    ) -> [any Metric] {
        let commit = shared.commit
        return [
            requests, unverified, batches,
            Reading("samovar_connections", "Connections open.") {
                Double(registry.value.count)
            },
            Reading("samovar_body_memory_bytes", "Bytes of bodies held by all requests.") {
                Double(registry.value.bytesInMemory)
            },
            Reading("samovar_waiting_deliveries", "Deliveries that wait for a commit.") {
                Double(commit.waiting)
            },
            Readings(
                "samovar_secret_last_used_timestamp_seconds",
                "When a delivery was last verified by this secret, since the process started.",
                { Self.secrets(shared.sources) }
            ) { [self] in lastUses.withLock { $0 } },
        ] + Self.spool(commit)
    }

    private static func secrets(_ sources: Sources) -> LabelSet<Secret> {
        LabelSet(
            pairs: sources.all.flatMap { source in
                source.keys.map { key in
                    Secret(SourceName(labelValue: source.name), SecretID(labelValue: key.id))
                }
            }
        )
    }

    private static func spool(_ commit: GroupCommit) -> [any Metric] {
        [
            Reading(
                "samovar_spool_in_use",
                "1 while deliveries go to the spool, because the store does not take them."
            ) { commit.state.withLock { $0.detour == nil } ? 0 : 1 },
            Reading("samovar_spool_deliveries", "Deliveries in the spool, not imported yet.") {
                Double(commit.spool?.depth.deliveries ?? 0)
            },
            Reading("samovar_spool_bytes", "Bytes of the spool that are not imported yet.") {
                Double(commit.spool?.depth.bytes ?? 0)
            },
            Reading("samovar_spool_broken", "1 when the spool itself takes nothing.") {
                commit.isSpoolBroken ? 1 : 0
            },
            Reading(
                "samovar_spooled_total",
                "Deliveries that were put into the spool.",
                .counter
            ) { Double(commit.counts.spooled) },
            Reading(
                "samovar_spool_imported_total",
                "Deliveries that were brought from the spool into the store.",
                .counter
            ) { Double(commit.counts.imported) },
        ]
    }
}

extension GroupCommit {
    /// Deliveries that wait for the store or the spool.
    fileprivate var waiting: Int {
        state.withLock { state in
            state.gathering.count + state.committing.count + state.spooling.count
                + state.appending.count
        }
    }
}
