import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import QueueCore
import Settings

/// One request to a service, from the connection to the last byte of the response.
struct HTTPAttempt {
    var client: HTTPClient
    var request: HTTPClientRequest
    var authority: String
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
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, deadline: .distantFuture)
        } catch {
            return End(answer: ConnectionFailure.answer(for: error, authority: authority))
        }
        let status = Int(response.status.code)
        let retryAfter = response.headers.first(name: "Retry-After")
        var kept = OutputKeeper()
        var bytes = 0
        do {
            for try await part in response.body {
                kept.append(Array(part.readableBytesView)[...])
                bytes += part.readableBytes
                if bytes >= Self.bodyBytesMost {
                    kept.append(Array("\n[samovar: not read on]\n".utf8)[...])
                    break
                }
            }
        } catch {
            // The status counts, and it is there. What came of the body is worth keeping.
            kept.append(Array("\n[samovar: the response broke off]\n".utf8)[...])
        }
        return End(answer: .status(status, retryAfter: retryAfter), output: kept.output)
    }

    /// Bytes of a response after which it is not read on: a service has no reason to send more,
    /// and 64 KiB of it are kept.
    private static let bodyBytesMost = 1 << 20
}

extension HTTPClientRequest {
    init(_ request: OutgoingRequest) {
        self.init(url: request.url)
        method = .POST
        headers = HTTPHeaders(request.headers.map { ($0.name, $0.value) })
        body = .bytes(ByteBuffer(bytes: request.body))
    }
}
