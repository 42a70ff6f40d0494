import GiteaClient
import QueueCore
import Telemetry

/// What became of a question about a sender's permission, as a label.
enum GiteaAnswer: String, CaseIterable, MetricLabel {
    static let labelName = "result"

    case answered
    case notFound = "not_found"
    case forbidden
    case unauthorized
    case unreachable
    case rateLimited = "rate_limited"
    case server
    /// An answer that is not what Gitea says to such a question.
    case unfit
}

extension GiteaAnswer {
    /// Nil for a question that was called off: that says nothing about Gitea.
    init?(_ error: GiteaError) {
        switch error {
        case .cancelled: return nil
        case .notFound: self = .notFound
        case .forbidden: self = .forbidden
        case .unauthorized, .noToken: self = .unauthorized
        case .unreachable, .interrupted, .timeout: self = .unreachable
        case .rateLimited: self = .rateLimited
        case .server: self = .server
        case .refused, .malformed, .redirected, .tooLarge: self = .unfit
        }
    }
}

/// Where it is told how questions to Gitea went.
struct GiteaReports: Sendable {
    /// Counts them.
    let questions: Counters<GiteaAnswer>

    /// Keeps what an operator should know.
    let record: @Sendable (Incident) async -> Void
}
