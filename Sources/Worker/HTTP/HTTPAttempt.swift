import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import QueueCore
import Settings

/// One request to a service, from the connection to the last byte of the response.
struct HTTPAttempt {
    var client: HTTPClient
    var request: OutgoingRequest
    var tls: TLSConfiguration?
    var authority: String
    var connections: KeptConnections
    var timeout: Duration
    var control: HTTPControl

    struct End {
        var answer: HTTPAnswer
        var output: AttemptOutput?
    }

    /// Sends the request and reads the response.
    ///
    /// Ends when the response does, when enough of it was read, or when the task is cancelled,
    /// which is how ``HTTPControl`` stops it.
    func run() async -> End {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [control, timeout] in
                // Cancelled when the response was there before.
                guard (try? await Task.sleep(for: timeout)) != nil else { return }
                control.stop(.timedOut, kill: false)
            }
            let end = await exchange()
            group.cancelAll()
            return end
        }
    }

    private func exchange() async -> End {
        let progress = RequestProgress()
        let response: HTTPClientResponse
        do {
            response = try await respond(progress)
        } catch {
            let answer = ConnectionFailure.answer(for: error, authority: authority)
            guard case .noResponse(let words) = answer, !progress.hasReached else {
                return End(answer: answer)
            }
            return End(answer: .unreached(error: words))
        }
        connections.note(authority)
        return End(
            answer: .status(
                Int(response.status.code),
                retryAfter: response.headers.first(name: "Retry-After")
            ),
            output: await Self.readInTime(response.body)
        )
    }

    // MARK: The request

    /// Sends the request; once more when it met a connection that the server had just closed.
    ///
    /// A server closes idle connections when it likes, also just as a request comes. It may have
    /// taken that one all the same (nobody can know), so the same `Idempotency-Key` goes with both.
    private func respond(_ progress: RequestProgress) async throws -> HTTPClientResponse {
        let mayBeKept = connections.mayHaveOne(to: authority)
        let start = ContinuousClock.now
        do {
            return try await send(progress)
        } catch
            where mayBeKept && ConnectionFailure.isClosedUnanswered(error)
            && start.duration(to: .now) < Self.staleLongest && !Task.isCancelled
        {
            progress.startAgain()
            return try await send(progress)
        }
    }

    private func send(_ progress: RequestProgress) async throws -> HTTPClientResponse {
        try await client.execute(
            HTTPClientRequest(request, tls: tls, progress),
            deadline: .distantFuture
        )
    }

    /// A connection that was closed before shows at once; what closes later is a server that fails
    /// at this very request.
    private static let staleLongest = Duration.seconds(1)

    // MARK: The response

    /// Reads a body for a short time: the status counts, and a service that goes on and on must not
    /// hold a slot.
    private static func readInTime(_ body: HTTPClientResponse.Body) async -> AttemptOutput? {
        await withTaskGroup(of: OutputKeeper?.self) { group in
            group.addTask { await read(body) }
            group.addTask {
                // Cancelled when the body has ended.
                try? await Task.sleep(for: bodyLongest)
                return nil
            }
            var kept: OutputKeeper?
            for await read in group {
                group.cancelAll()
                kept = kept ?? read
            }
            return kept?.output
        }
    }

    /// What came of a body until it ended, or was not read on; what is left is cut off with its
    /// connection.
    private static func read(_ body: HTTPClientResponse.Body) async -> OutputKeeper {
        var kept = OutputKeeper()
        var bytes = 0
        var ending = ""
        do {
            for try await part in body {
                kept.append(Array(part.readableBytesView)[...])
                bytes += part.readableBytes
                guard bytes < bodyBytesMost else {
                    ending = notReadOn
                    break
                }
            }
        } catch {
            // The status counts, and it is there. What came of the body is worth keeping.
            ending = "\n[samovar: the response broke off]\n"
        }
        if Task.isCancelled { ending = notReadOn }
        kept.append(Array(ending.utf8)[...])
        return kept
    }

    private static let notReadOn = "\n[samovar: not read on]\n"

    /// Bytes of a response after which it is not read on: a service has no reason to send more,
    /// and 64 KiB of it are kept.
    private static let bodyBytesMost = 1 << 20

    /// Time for a body after its head came: what says how it went is sent in one piece.
    private static let bodyLongest = Duration.seconds(5)
}
