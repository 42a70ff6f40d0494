import Foundation
import Gitea

/// A request as a test sends it; a signed push unless it changes something.
struct Request: Sendable {
    var method = "POST"
    var target = "/hooks/gitea"
    var headers: [(name: String, value: String)]
    var body: Data

    /// The secret that recorded hooks had.
    static let key = SigningKey(id: "test", key: Array("s3cret".utf8))

    static func freshID() -> String { UUID().uuidString.lowercased() }

    /// A delivery as Gitea sends it.
    init(
        id: String = freshID(),
        event: String = "push",
        body: Data = push(),
        key: SigningKey = key
    ) {
        let delivery = OutgoingDelivery(
            event: EventType.event(of: event),
            eventType: event,
            deliveryID: id,
            body: body,
            key: key
        )
        headers = delivery.headers
        self.body = body
    }

    /// A recorded request, byte for byte but for the path and what belongs to the connection.
    init(_ recorded: RecordedDelivery) {
        headers = recorded.headers.filter {
            !["host", "content-length"].contains($0.name.lowercased())
        }
        body = recorded.body
    }

    /// The payload of a push, never the same twice: the same bytes again would be a repeat.
    static func push(
        ref: String = "refs/heads/main",
        repository: Int = 17,
        after: String = freshID()
    ) -> Data {
        Data(
            """
            {"ref":"\(ref)","before":"1111","after":"\(after)","pusher":{"id":5},
            "repository":{"id":\(repository),"full_name":"tea/kettle-\(repository)",
            "default_branch":"main"},"sender":{"id":5,"login":"anna"}}
            """.utf8
        )
    }

    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var id: String? { header("X-Gitea-Delivery") }

    /// Sets a header in its place, or at the end.
    mutating func set(_ name: String, _ value: String) {
        let place = headers.firstIndex { $0.name.lowercased() == name.lowercased() }
        if let place {
            headers[place].value = value
        } else {
            headers.append((name: name, value: value))
        }
    }

    /// Removes every header whose name ends so.
    mutating func removeAll(_ suffix: String) {
        headers.removeAll { $0.name.lowercased().hasSuffix(suffix.lowercased()) }
    }

    /// The same with something else.
    func with(_ change: (inout Request) -> Void) -> Request {
        var copy = self
        change(&copy)
        return copy
    }

    /// Everything up to the body; without a `Content-Length` of its own, the body's true one.
    var head: [UInt8] {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: localhost"]
        lines += headers.map { "\($0.name): \($0.value)" }
        if header("Content-Length") == nil, header("Transfer-Encoding") == nil {
            lines.append("Content-Length: \(body.count)")
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    var bytes: [UInt8] { head + Array(body) }

    /// The body in chunks of at most so many bytes.
    func chunks(of size: Int) -> [[UInt8]] {
        var chunks = stride(from: 0, to: body.count, by: size).map { start in
            let part = body[
                body.startIndex + start..<body.startIndex + min(start + size, body.count)
            ]
            return Array("\(String(part.count, radix: 16))\r\n".utf8) + Array(part)
                + Array("\r\n".utf8)
        }
        chunks.append(Array("0\r\n\r\n".utf8))
        return chunks
    }
}
