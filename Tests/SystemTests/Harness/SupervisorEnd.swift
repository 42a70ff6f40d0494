import Foundation
import TestSupport

/// The supervisor's end of a service's line: what `NOTIFY_SOCKET` names (sd_notify(3)).
final class SupervisorEnd {
    private let descriptor: Int32
    private var messages: [[String]] = []

    /// - Parameter name: a path, or `@` and an abstract name.
    init(_ name: String) {
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_UNIX, type, 0)
        precondition(descriptor >= 0, "out of sockets: \(errno)")
        let isBound = unsafe withUnixAddress(name) { [descriptor] address, length in
            unsafe bind(descriptor, address, length) == 0
        }
        precondition(isBound, "cannot bind \(name): \(errno)")
    }

    deinit {
        close(descriptor)
    }

    /// All messages so far, each as its lines.
    var all: [[String]] {
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else { return messages }
            let text = String(decoding: buffer[..<count], as: UTF8.self)
            messages.append(text.split(separator: "\n").map(String.init))
        }
    }

    /// How many messages have a line.
    func count(of line: String) -> Int { all.count { $0.contains(line) } }

    /// Waits for a message with a line.
    ///
    /// - Returns: the lines of the one with this number, from 1.
    @discardableResult
    func awaitMessage(_ line: String, number: Int = 1) throws -> [String] {
        try waitFor("message \(number) with \(line), of \(all)") {
            all.filter { $0.contains(line) }.dropFirst(number - 1).first
        }
    }
}
