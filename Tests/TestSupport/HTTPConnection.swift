import Glibc

/// A client's end of one HTTP/1.1 connection, as bytes: tests send halves of requests, several at
/// once, or nothing at all.
///
/// Calls block; use it on ``BlockingThreads``.
package final class HTTPConnection {
    /// Why nothing more can be sent or read.
    package enum Failure: Error, Equatable {
        case cannotConnect(errno: Int32)
        /// The server closed or reset the connection.
        case ended
        case tookTooLong
        /// What came is no HTTP/1.1 response.
        case malformed(String)
    }

    private let descriptor: Int32
    /// Read from the socket, and not yet part of a reply.
    private var received: [UInt8] = []

    /// Connects to 127.0.0.1.
    ///
    /// `client` is the last number of the address that it comes from, 127.0.0.x.
    package init(port: UInt16, client: UInt32 = 1) throws(Failure) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        precondition(descriptor >= 0, "out of sockets: \(errno)")
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        if client != 1 { Self.bind(descriptor, to: 0x7F00_0000 | client) }
        let result = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(descriptor, address, size)
            }
        }
        // All properties are set, so deinit runs and closes the socket.
        guard result == 0 else { throw .cannotConnect(errno: errno) }
    }

    deinit {
        close(descriptor)
    }

    private static func bind(_ descriptor: Int32, to address: UInt32) {
        var own = sockaddr_in()
        own.sin_family = sa_family_t(AF_INET)
        own.sin_addr.s_addr = address.bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafePointer(to: &own) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe Glibc.bind(descriptor, address, size)
            }
        }
        precondition(result == 0, "cannot bind to an address of the loopback network: \(errno)")
    }

    /// Sends all of it.
    package func send(_ bytes: [UInt8]) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: POLLOUT)
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR, errno != EAGAIN {
                throw .ended
            }
        }
    }

    /// Sends text.
    package func send(_ text: String) throws(Failure) {
        try send(Array(text.utf8))
    }

    /// Sends no more; what was sent is still answered.
    package func endSending() {
        // A server that has closed already needs no telling.
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Reads the next reply; the first of them may be an interim one (100).
    package func reply() throws(Failure) -> HTTPReply {
        while true {
            if let (reply, length) = try HTTPReply.parse(received) {
                received.removeFirst(length)
                return reply
            }
            guard try receive() else { throw .ended }
        }
    }

    /// Whether the server has closed the connection, looked at before it is used again.
    package var hasEnded: Bool {
        var byte: UInt8 = 0
        let count = unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count == 0 || count < 0 && errno != EAGAIN && errno != EINTR
    }

    /// Whether part of an answer is there.
    package var hasAnswer: Bool {
        var byte: UInt8 = 0
        let count = unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return !received.isEmpty || count > 0
    }

    /// Waits for the server to close the connection.
    ///
    /// - Returns: what came before that and was no part of a reply.
    package func awaitEnd() throws(Failure) -> [UInt8] {
        while try receive() {}
        return received
    }

    /// - Returns: false when the server has closed.
    private func receive() throws(Failure) -> Bool {
        try wait(for: POLLIN)
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 { received += buffer[..<count] }
        return count > 0
    }

    private func wait(for event: Int32) throws(Failure) {
        var events = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        while true {
            let ready = unsafe poll(&events, 1, Int32(patience.components.seconds * 1000))
            if ready > 0 { return }
            guard ready < 0, errno == EINTR else { throw .tookTooLong }
        }
    }
}
