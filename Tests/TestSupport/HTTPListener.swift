package import Foundation
import Synchronization

/// A server on 127.0.0.1 for tests of whole programs: plain sockets, one request per connection.
///
/// Its port is taken from the beginning, but nobody listens there before ``listen()``: connections
/// are refused until then.
package final class HTTPListener: Sendable {
    /// A request as it came.
    package struct Request: Sendable {
        package var line: String
        /// Names in lower case.
        package var headers: [String: String]
        package var body: Data
    }

    /// What is sent back.
    package enum Answer: Sendable {
        case status(Int, body: String = "")
        /// The same with headers; one that names the length takes the place of the true one.
        case response(Int, headers: [String: String], body: String)
        /// Nothing, until the client or the test closes.
        case silence
    }

    private let socket: Int32
    private let answer: @Sendable (Request) -> Answer
    private let received = Mutex<[Request]>([])

    package let port: UInt16

    /// - Parameter answer: what to do about each request; called on a thread of the connection.
    package init(_ answer: @escaping @Sendable (Request) -> Answer) {
        self.answer = answer
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        precondition(socket >= 0, "out of sockets: \(errno)")
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = socket
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, length) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        precondition(isBound, "no port on 127.0.0.1: \(errno)")
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(socket)
    }

    /// All requests so far.
    package var requests: [Request] { received.withLock(\.self) }

    /// Takes connections from now on, until ``stop()``.
    package func listen() {
        precondition(Glibc.listen(socket, 128) == 0, "cannot listen: \(errno)")
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(socket, nil, nil)
                if connection < 0, errno == EINTR { continue }
                guard connection >= 0 else { return }
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                Thread.detachNewThread { [self] in
                    serve(connection)
                    close(connection)
                }
            }
        }
    }

    /// Ends the thread that takes connections.
    package func stop() {
        shutdown(socket, Int32(SHUT_RDWR))
    }

    private func serve(_ connection: Int32) {
        var bytes = Data()
        while true {
            if let request = Self.parse(bytes) {
                received.withLock { $0.append(request) }
                switch answer(request) {
                case .silence: break
                case .status(let status, let body):
                    respond(status, [:], body, connection)
                    return
                case .response(let status, let headers, let body):
                    respond(status, headers, body, connection)
                    return
                }
                // Reads on, which ends when the client closes.
                bytes = Data()
            }
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            let count = unsafe recv(connection, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes += buffer[..<count]
        }
    }

    private func respond(
        _ status: Int,
        _ headers: [String: String],
        _ body: String,
        _ connection: Int32
    ) {
        let all = ["Content-Length": "\(body.utf8.count)"].merging(headers) { $1 }
        let lines = all.map { "\($0): \($1)\r\n" }.joined()
        let head = "HTTP/1.1 \(status) Whatever\r\nConnection: close\r\n\(lines)\r\n"
        send(Array((head + body).utf8), connection)
    }

    private func send(_ bytes: [UInt8], _ connection: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.send(connection, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private static func parse(_ bytes: Data) -> Request? {
        guard let headEnd = bytes.firstRange(of: Data("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<headEnd.lowerBound], as: UTF8.self)
            .split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.last?.trimmingCharacters(in: .whitespaces)
        }
        let end = headEnd.upperBound + (headers["content-length"].flatMap { Int($0) } ?? 0)
        guard bytes.count >= end else { return nil }
        return Request(
            line: lines.first.map(String.init) ?? "",
            headers: headers,
            body: Data(bytes[headEnd.upperBound..<end])
        )
    }
}
