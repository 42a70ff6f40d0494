import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Settings
import Synchronization

/// How far a request has come.
final class RequestProgress: Sendable {
    private let reached = Atomic(false)

    /// Whether a connection was there to take the request; before that, nobody has seen any of it.
    var hasReached: Bool { reached.load(ordering: .acquiring) }

    func noteReached() { reached.store(true, ordering: .releasing) }

    /// It is sent again from its beginning.
    func startAgain() { reached.store(false, ordering: .releasing) }
}

/// A request's body, part by part as the connection takes it: so no second copy of a large one is
/// ever made.
///
/// The client asks for the first part when the connection is there, TLS included, and its head was
/// written.
struct RequestBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let bytes: Data
    let progress: RequestProgress

    /// What a connection takes at once, about.
    private static let partBytes = 256 << 10

    func makeAsyncIterator() -> Iterator {
        Iterator(rest: bytes, progress: progress)
    }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate var rest: Data
        fileprivate let progress: RequestProgress

        mutating func next() async -> ByteBuffer? {
            progress.noteReached()
            guard !rest.isEmpty else { return nil }
            let part = rest.prefix(RequestBody.partBytes)
            rest = rest.dropFirst(part.count)
            return ByteBuffer(bytes: part)
        }
    }
}

extension HTTPClientRequest {
    /// A request that tells `progress` how far it has come.
    init(_ request: OutgoingRequest, tls: TLSConfiguration?, _ progress: RequestProgress) {
        self.init(url: request.url)
        method = .POST
        headers = HTTPHeaders(request.headers.map { ($0.name, $0.value) })
        body = .stream(
            RequestBody(bytes: request.body, progress: progress),
            length: .known(Int64(request.body.count))
        )
        tlsConfiguration = tls
        // Of an empty body no part is asked for.
        if request.body.isEmpty { progress.noteReached() }
    }
}
