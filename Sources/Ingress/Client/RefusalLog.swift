import Logging
import Telemetry

/// A line for what was refused, with all that tells which hook it was and which check failed: the
/// answer tells a forger nothing, and who set up a hook, a proxy or a network wrongly finds it here.
///
/// Of each kind a few in a while: a prober must not fill the log, nor hide others.
struct RefusalLog: Sendable {
    private let logs: [IngressMetrics.AnswerKind: SampledLog]

    init(_ logger: Logger) {
        logs = Dictionary(
            uniqueKeysWithValues: IngressMetrics.AnswerKind.allCases.map {
                ($0, SampledLog(logger, lines: Self.lines, every: IngressLimits.refusalLogInterval))
            }
        )
    }

    /// Logs an answer, if it is a refusal that nobody else logs.
    func note(
        _ answer: Answer,
        _ seen: SeenRequest,
        from remote: @autoclosure () -> String
    ) {
        let kind = IngressMetrics.AnswerKind(answer)
        guard let level = Self.level(of: kind) else { return }
        logs[kind]?.log(level, "request refused") {
            var metadata = seen.metadata(of: answer)
            metadata["answer"] = "\(kind.rawValue)"
            metadata["remote"] = "\(remote())"
            return metadata
        }
    }

    /// Nil for what is stored, and for what is the store's fault, which has a log of its own.
    private static func level(of kind: IngressMetrics.AnswerKind) -> Logger.Level? {
        switch kind {
        case .accepted, .spooled, .duplicate, .conflict, .unavailable: nil
        // Honest deliveries may be lost so: a wrong secret, network or limit.
        case .unauthorized, .forbidden, .tooLarge: .warning
        case .malformedRequest, .headTooLarge, .notFound, .methodNotAllowed,
            .unsupportedContentType, .badRequest, .timeout, .tooManyFailures:
            .info
        }
    }

    /// Lines of one kind in one interval: some senders, told apart.
    private static let lines = 3
}
