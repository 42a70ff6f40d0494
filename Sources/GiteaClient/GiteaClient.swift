import AsyncHTTPClient
import Foundation
package import Logging
import NIOCore
import NIOHTTP1
package import Settings
import Synchronization

/// Gitea's (and Forgejo's) API, as far as it is needed.
///
/// What may be asked again is, a few times and with growing delays; a write only when it surely had
/// no effect. Redirects are followed for reads, within the configured server. Repositories are named
/// by their ids, which survive renames.
package final class GiteaClient: Sendable {
    /// How a client talks; other numbers than the usual ones are for tests.
    package struct Patience: Sendable {
        /// Times that one question is asked at most.
        package var tries = Limits.triesMost
        /// The delay before the second try.
        package var delay = Limits.retryDelay
        /// The longest delay.
        package var delayLongest = Limits.retryDelayLongest

        /// The usual numbers.
        package init() {}
    }

    private let server: String
    private let authority: String
    private let token: Token
    private let timeout: Duration
    private let gate: Gate
    private let userAgent: String
    private let patience: Patience
    private let logger: Logger
    private let client: HTTPClient
    let learned = Mutex(LearnedRights())

    /// ``close()`` must be called in the end.
    ///
    /// - Parameters:
    ///   - settings: where Gitea is, and how it is asked.
    ///   - userAgent: how this program calls itself.
    ///   - patience: how often and when it asks again.
    ///   - logger: is told of tries that failed and are repeated.
    package init(
        _ settings: GiteaSettings,
        userAgent: String,
        patience: Patience = Patience(),
        logger: Logger
    ) {
        server = settings.url
        authority = HTTPAddress(settings.url)?.authority ?? "its host"
        token = Token(settings.token)
        timeout = settings.timeout
        gate = Gate(settings.concurrency)
        self.userAgent = userAgent
        self.patience = patience
        self.logger = logger
        client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: .forGitea(timeout: settings.timeout, concurrency: settings.concurrency)
        )
    }

    /// Ends what is still connected; whatever is being asked ends with an error.
    package func close() async {
        // Fails only when it was shut down before.
        try? await client.shutdown()
    }

    // MARK: Asking

    /// A whole answer of 2xx.
    struct Answer: Sendable {
        var body: Data
        /// `X-Total-Count`.
        var total: Int?
    }

    /// Asks, and asks again while that may help.
    func ask(_ call: GiteaCall) async throws(GiteaError) -> Answer {
        var tried = 0
        while true {
            tried += 1
            do throws(GiteaError) {
                return try await askOnce(call)
            } catch {
                let isAllowed = call.isIdempotent || error.isSurelyWithoutEffect
                guard error.isTransient, isAllowed, tried < patience.tries else { throw error }
                let delay = patience.delay(after: tried, error, random: .random(in: 0..<1))
                guard let delay else { throw error }
                logger.debug(
                    "gitea is asked again",
                    metadata: [
                        "call": "\(call)", "error": "\(error)", "delay": "\(delay.inWords)",
                    ]
                )
                // Fails only when cancelled, as everything after it would.
                guard (try? await Task.sleep(for: delay)) != nil else { throw .cancelled }
            }
        }
    }

    /// One question, with a token that may have been replaced, and all that it is redirected to.
    private func askOnce(_ call: GiteaCall) async throws(GiteaError) -> Answer {
        guard await gate.enter() else { throw .cancelled }
        defer { gate.leave() }
        let token = try token.value()
        do throws(GiteaError) {
            return try await follow(call, token)
        } catch .unauthorized {
            guard let other = try self.token.value(insteadOf: token) else { throw .unauthorized }
            return try await follow(call, other)
        }
    }

    private func follow(_ call: GiteaCall, _ token: String) async throws(GiteaError) -> Answer {
        var url = call.url(at: server)
        for _ in 0...Limits.redirectsMost {
            let raw = try await exchange(call, at: url, token)
            guard (300..<400).contains(raw.status), raw.status != 304 else {
                return try read(raw)
            }
            let place = raw.location.flatMap { URL(string: $0, relativeTo: URL(string: url)) }?
                .absoluteURL
            let shown = Origin(place)?.shown ?? "nowhere"
            // A client that turns a POST into a GET would take a list for a success.
            guard call.method == .get, let place, Origin(place) == Origin(URL(string: server))
            else { throw .redirected(status: raw.status, to: shown) }
            url = place.absoluteString
        }
        throw .redirected(status: 310, to: "a further redirect, again and again")
    }

    // MARK: One exchange

    private struct RawAnswer: Sendable {
        var status: Int
        var body = Data()
        var total: Int?
        var location: String?
        var retryAfter: String?
    }

    /// Sends a request and reads its answer, within the timeout.
    private func exchange(
        _ call: GiteaCall,
        at url: String,
        _ token: String
    ) async throws(GiteaError) -> RawAnswer {
        let request = request(call, at: url, token)
        let result = await withTaskGroup(of: Result<RawAnswer, GiteaError>.self) { group in
            group.addTask { [self] in await answer(to: request) }
            group.addTask { [timeout] in
                // Cancelled when the answer was there before, or when nobody wants it any more.
                let isOver = (try? await Task.sleep(for: timeout)) != nil
                return .failure(isOver ? .timeout(after: timeout) : .cancelled)
            }
            let first = await group.next() ?? .failure(.cancelled)
            group.cancelAll()
            return first
        }
        if Task.isCancelled, case .failure = result { throw .cancelled }
        return try result.get()
    }

    private func request(
        _ call: GiteaCall,
        at url: String,
        _ token: String
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: call.method.rawValue)
        request.headers = [
            "Accept": "application/json", "Authorization": "token \(token)",
            "User-Agent": userAgent,
        ]
        if let account = call.sudo { request.headers.add(name: "Sudo", value: account) }
        if let body = call.body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        return request
    }

    private func answer(to request: HTTPClientRequest) async -> Result<RawAnswer, GiteaError> {
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, deadline: .distantFuture)
        } catch {
            return .failure(ConnectionFailure.error(for: error, authority: authority))
        }
        var answer = RawAnswer(status: Int(response.status.code))
        answer.total = response.headers.first(name: "X-Total-Count").flatMap { Int($0) }
        answer.location = response.headers.first(name: "Location")
        answer.retryAfter = response.headers.first(name: "Retry-After")
        let isGood = (200..<300).contains(answer.status)
        let most = isGood ? Limits.answerBytesMost : Limits.errorBytesMost
        do {
            for try await part in response.body {
                answer.body.append(contentsOf: part.readableBytesView)
                guard answer.body.count > most else { continue }
                // Of an error, the status is what counts.
                guard isGood else { break }
                return .failure(.tooLarge(limit: "\(most >> 20) MiB"))
            }
        } catch {
            guard isGood else { return .success(answer) }
            return .failure(.interrupted(reason: "the answer of \(authority) broke off"))
        }
        return .success(answer)
    }

    // MARK: What it means

    private func read(_ raw: RawAnswer) throws(GiteaError) -> Answer {
        switch raw.status {
        case 200..<300: return Answer(body: raw.body, total: raw.total)
        case 401: throw .unauthorized
        case 403: throw .forbidden(message: try certainMessage(raw))
        case 404: throw .notFound(message: try certainMessage(raw))
        case 429: throw .rateLimited(retryAfter: raw.retryAfter.flatMap(RetryAfter.duration))
        case 408, 425, 500..<600: throw .server(status: raw.status, message: message(raw))
        case 400..<500: throw .refused(status: raw.status, message: message(raw))
        default: throw .malformed(reason: "status \(raw.status)")
        }
    }

    /// The message of an error that is Gitea's own.
    ///
    /// - Throws: `.malformed` when a proxy or another server gave the answer: it does not know
    ///   what exists in Gitea, and who may see it.
    private func certainMessage(_ raw: RawAnswer) throws(GiteaError) -> String {
        guard let message = ownMessage(raw) else {
            throw .malformed(reason: "status \(raw.status) without the JSON of Gitea's errors")
        }
        return message
    }

    /// The message of an error, empty if there is none.
    private func message(_ raw: RawAnswer) -> String {
        // A proxy's error page is no JSON, and tells nobody anything.
        ownMessage(raw) ?? ""
    }

    /// What Gitea says of an error: on one line, short, and without the token; nil when it is not
    /// Gitea who says it.
    private func ownMessage(_ raw: RawAnswer) -> String? {
        struct Body: Decodable {
            var message: String
        }
        // Whatever else is there, it is nothing of Gitea's.
        guard let text = try? JSONDecoder().decode(Body.self, from: raw.body).message else {
            return nil
        }
        let line = token.redacted(text).unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? " " : Character(scalar)
        }
        return String(line.prefix(Limits.messageLengthMost))
    }

    /// Decodes an answer.
    func decode<Value: Decodable>(
        _ type: Value.Type,
        from answer: Answer
    ) throws(GiteaError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: answer.body)
        } catch DecodingError.keyNotFound(let key, _) {
            throw .malformed(reason: "\(key.stringValue) is missing")
        } catch DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context)
        {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw .malformed(reason: "\(path) is not what it should be")
        } catch {
            throw .malformed(reason: "it is no JSON")
        }
    }
}

extension GiteaClient: CustomStringConvertible, CustomReflectable {
    package var description: String { "GiteaClient(\(authority))" }

    /// The same for `dump`.
    package var customMirror: Mirror { Mirror(self, children: ["authority": authority]) }
}

extension GiteaClient.Patience {
    /// How long to wait before the next try; nil when that is longer than anybody waits here.
    func delay(after tries: Int, _ error: GiteaError, random: Double) -> Duration? {
        let doubled = delay * (1 << min(tries - 1, 16))
        // From half of it up to all, so that many do not come back together.
        let own = min(doubled, delayLongest) * (0.5 + random / 2)
        guard case .rateLimited(let wish?) = error else { return own }
        return wish > delayLongest ? nil : max(own, wish)
    }
}

/// Scheme, host and port: what a token is meant for.
private struct Origin: Equatable {
    var scheme: String
    var host: String
    var port: Int

    init?(_ url: URL?) {
        guard let url, let scheme = url.scheme?.lowercased(), let host = url.host()?.lowercased(),
            scheme == "http" || scheme == "https", url.user() == nil
        else { return nil }
        self.scheme = scheme
        self.host = host
        port = url.port ?? (scheme == "https" ? 443 : 80)
    }

    /// For people.
    var shown: String { "\(scheme)://\(host):\(port)" }
}

extension HTTPClient.Configuration {
    /// Certificates are verified in full, and no proxy is taken from the environment: both are the
    /// library's defaults.
    fileprivate static func forGitea(
        timeout: Duration,
        concurrency: Int
    ) -> HTTPClient.Configuration {
        var pool = ConnectionPool()
        // Shorter than what servers and proxies keep one: nginx 75 s, Node.js 5 s.
        pool.idleTimeout = .seconds(4)
        pool.concurrentHTTP1ConnectionsPerHostSoftLimit = concurrency
        // Tries are counted by the client.
        pool.retryConnectionEstablishment = false
        let connect = min(timeout, Limits.connectLongest)
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: Timeout(connect: .nanoseconds(Int64(connect / .nanoseconds(1)))),
            connectionPool: pool
        )
        // What breaks takes no other question with it.
        configuration.httpVersion = .http1Only
        return configuration
    }
}
