/// Why Gitea did not say what it was asked.
///
/// No case, and no text of one, holds the token.
package enum GiteaError: Error, Equatable, Sendable {
    /// No connection came about: nothing was sent.
    case unreachable(reason: String)

    /// The connection ended before an answer: a write may have been done.
    case interrupted(reason: String)

    /// No whole answer within the time; a write may have been done.
    case timeout(after: Duration)

    /// The task that asked was cancelled.
    case cancelled

    /// There is no token to show.
    case noToken(reason: String)

    /// Gitea does not know the token.
    case unauthorized

    /// The token's account may not do this, or the token lacks a scope.
    case forbidden(message: String)

    /// It does not exist, or the token's account may not see it: Gitea says the same to both.
    case notFound(message: String)

    /// Another answer of 4xx: what was asked is not possible as it is.
    case refused(status: Int, message: String)

    /// Too many requests; how long to wait, if that was said.
    case rateLimited(retryAfter: Duration?)

    /// Gitea, or a proxy before it, is in trouble.
    case server(status: Int, message: String)

    /// The answer is not what Gitea's documentation promises.
    case malformed(reason: String)

    /// The answer points elsewhere: from a write, or out of the configured server.
    case redirected(status: Int, to: String)

    /// The answer, or the list, is longer than anything that is wanted.
    case tooLarge(limit: String)
}

extension GiteaError {
    /// Whether the same question may be answered later.
    package var isTransient: Bool {
        switch self {
        case .unreachable, .interrupted, .timeout, .rateLimited, .server: true
        case .cancelled, .noToken, .unauthorized, .forbidden, .notFound, .refused, .malformed,
            .redirected, .tooLarge:
            false
        }
    }

    /// Whether what failed surely changed nothing in Gitea.
    var isSurelyWithoutEffect: Bool {
        switch self {
        case .unreachable, .noToken, .unauthorized, .forbidden, .notFound, .refused, .rateLimited,
            .redirected:
            true
        case .interrupted, .timeout, .cancelled, .server, .malformed, .tooLarge: false
        }
    }
}

extension GiteaError: CustomStringConvertible {
    /// What is wrong, and what can be done about it; without a full stop.
    package var description: String {
        switch self {
        case .unreachable(let reason): "cannot reach Gitea: \(reason)"
        case .interrupted(let reason): "Gitea did not answer: \(reason)"
        case .timeout(let time): "Gitea did not answer within \(time.inWords)"
        case .cancelled: "it was given up"
        case .noToken(let reason): "\(reason); write an access token of Gitea's into it"
        case .unauthorized:
            "Gitea does not know the token (401): put a valid one into gitea.token_file"
        case .forbidden(let message):
            "the token's account may not do this, or the token lacks a scope (403\(after(message)))"
        case .notFound(let message):
            "it does not exist, or the token's account may not see it (404\(after(message)))"
        case .refused(let status, let message): "Gitea refuses (\(status)\(after(message)))"
        case .rateLimited(let time):
            "too many requests (429" + (time.map { ", again in \($0.inWords))" } ?? ")")
        case .server(let status, let message): "Gitea is in trouble (\(status)\(after(message)))"
        case .malformed(let reason): "the answer is not one of Gitea's: \(reason)"
        case .redirected(let status, let place):
            "the answer (\(status)) points to \(place), which is not followed: a repository that "
                + "was renamed is found by its id; else gitea.url is not the server's own address"
        case .tooLarge(let limit): "the answer is longer than \(limit)"
        }
    }

    private func after(_ message: String) -> String {
        message.isEmpty ? "" : ": \(message)"
    }
}

extension Duration {
    /// Seconds, or milliseconds for less than one.
    var inWords: String {
        let (seconds, attoseconds) = components
        return seconds < 1 ? "\(attoseconds / 1_000_000_000_000_000) ms" : "\(seconds) s"
    }
}
