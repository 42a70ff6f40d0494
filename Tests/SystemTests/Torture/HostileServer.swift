import Foundation
import Synchronization

/// A server on 127.0.0.1 that plays a trick on whoever asks it, each under a path of its own.
final class HostileServer: Sendable {
    enum Trick: String, CaseIterable, Sendable {
        case silence
        /// A head of which a byte comes now and then.
        case slowHead = "slow-head"
        case slowBody = "slow-body"
        case endlessHeaders = "endless-headers"
        case endlessHeader = "endless-header"
        case endlessBody = "endless-body"
        case endlessContinue = "endless-continue"
        /// Closes before it has read the request.
        case early
        case halfHead = "half-head"
        case halfBody = "half-body"
        case redirect
        case garbage
        case negativeLength = "negative-length"
        case twoLengths = "two-lengths"
        case hugeChunk = "huge-chunk"
        case twoAnswers = "two-answers"

        /// What becomes of the job: a 2xx that arrived counts, whatever follows it.
        var state: String {
            switch self {
            case .slowBody, .endlessBody, .halfBody, .hugeChunk, .twoAnswers: "done"
            case .silence, .slowHead, .endlessHeaders, .endlessHeader, .endlessContinue, .early,
                .halfHead, .redirect, .garbage, .negativeLength, .twoLengths:
                "dead"
            }
        }
    }

    private let socket = HeldSocket()
    private let open = Mutex(0)

    /// How many connections it has.
    var connections: Int { open.withLock(\.self) }

    func url(of trick: Trick) -> String { "http://127.0.0.1:\(socket.port)/\(trick.rawValue)" }

    /// Takes connections until ``stop()``.
    func run() {
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(socket.descriptor, nil, nil)
                if connection < 0, errno == EINTR { continue }
                guard connection >= 0 else { return }
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                open.withLock { $0 += 1 }
                Thread.detachNewThread { [self] in
                    serve(connection)
                    close(connection)
                    open.withLock { $0 -= 1 }
                }
            }
        }
    }

    func stop() {
        shutdown(socket.descriptor, Int32(SHUT_RDWR))
    }

    private func serve(_ connection: Int32) {
        guard let trick = readTrick(connection) else { return }
        let ok = "HTTP/1.1 200 OK\r\n"
        switch trick {
        case .silence: awaitEnd(of: connection)
        case .slowHead: drip(ok + "X-Slow: ", on: connection)
        case .slowBody: if put(ok + "\r\n", on: connection) { drip("", on: connection) }
        case .endlessHeaders: repeatAll("X-Header: value\r\n", after: ok, on: connection)
        case .endlessHeader: repeatAll("value", after: ok + "X-Header: ", on: connection)
        case .endlessBody:
            let data = String(repeating: "x", count: 4096)
            repeatAll(data, after: ok + "\r\n", on: connection)
        case .endlessContinue:
            repeatAll("HTTP/1.1 100 Continue\r\n\r\n", after: "", on: connection)
        case .early: return
        case .halfHead: answer(ok + "Content-Len", on: connection)
        case .halfBody: answer(ok + "Content-Length: 1000\r\n\r\n{", on: connection)
        case .redirect:
            let target = url(of: .redirect)
            answer(
                "HTTP/1.1 307 Elsewhere\r\nLocation: \(target)\r\nContent-Length: 0\r\n\r\n",
                on: connection
            )
        case .garbage: answer(String(repeating: "\u{1}\u{0}\r\n\r\n:", count: 500), on: connection)
        case .negativeLength: answer(ok + "Content-Length: -5\r\n\r\n", on: connection)
        case .twoLengths:
            answer(ok + "Content-Length: 2\r\nContent-Length: 4\r\n\r\n{}{}", on: connection)
        case .hugeChunk:
            let chunk = "ffffffffffffffff\r\n{}\r\n"
            answer(ok + "Transfer-Encoding: chunked\r\n\r\n" + chunk, on: connection)
        case .twoAnswers:
            let whole = ok + "Content-Length: 2\r\n\r\n{}"
            answer(whole + "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", on: connection)
        }
    }

    /// Reads up to the request's path, and no further.
    private func readTrick(_ connection: Int32) -> Trick? {
        var text = ""
        while !text.contains("\r\n") {
            var buffer = [UInt8](repeating: 0, count: 64)
            let count = unsafe recv(connection, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        let words = text.split(separator: " ")
        return words.count > 1 ? Trick(rawValue: String(words[1].dropFirst())) : nil
    }

    /// Sends all of it, and reads on until the client has closed.
    private func answer(_ text: String, on connection: Int32) {
        guard put(text, on: connection) else { return }
        shutdown(connection, Int32(SHUT_WR))
        awaitEnd(of: connection)
    }

    private func repeatAll(_ text: String, after start: String, on connection: Int32) {
        guard put(start, on: connection) else { return }
        let many = String(repeating: text, count: 64)
        while put(many, on: connection) {}
    }

    private func drip(_ start: String, on connection: Int32) {
        guard put(start, on: connection) else { return }
        while put("x", on: connection) { usleep(20_000) }
    }

    private func awaitEnd(of connection: Int32) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe recv(connection, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
        }
    }

    /// - Returns: false when the client is gone.
    private func put(_ text: String, on connection: Int32) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe send(connection, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
