import Foundation
package import Logging
import Synchronization

/// The line to whoever supervises this process: systemd with `Type=notify`, or `samovar up`.
///
/// Each message is one datagram of `NAME=value` lines to the socket that `NOTIFY_SOCKET` names
/// (sd_notify(3)). Without one, nothing is sent.
package final class SupervisorLink: Sendable {
    /// How often ``isAlive()`` is expected at least; nil when nobody expects it.
    package let watchdogInterval: Duration?

    private let socket: SupervisorSocket?
    private let logger: Logger
    private let hasBeenReady = Mutex(false)

    /// A line to nobody.
    package static let none = SupervisorLink([:], logger: Logger(label: "samovar.supervisor"))

    /// Takes the line that this process was started with, so that nothing it starts has it too.
    ///
    /// To be called before there are other threads that look at the environment.
    package static func take(logger: Logger) -> SupervisorLink {
        let link = SupervisorLink(ProcessInfo.processInfo.environment, logger: logger)
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] { unsafe unsetenv(name) }
        return link
    }

    /// A line to the supervisor that the environment names.
    package init(_ environment: [String: String], logger: Logger) {
        self.logger = logger
        if let name = environment["NOTIFY_SOCKET"], !name.isEmpty {
            socket = SupervisorSocket(name)
            if socket == nil {
                logger.error(
                    "NOTIFY_SOCKET is no Unix socket: the supervisor will not hear from here",
                    metadata: ["NOTIFY_SOCKET": "\(name)"]
                )
            }
        } else {
            socket = nil
        }
        // The variables may be left over from a parent that was watched itself.
        let isMeant = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
        if isMeant, let text = environment["WATCHDOG_USEC"], let time = Int64(text), time > 0 {
            watchdogInterval = .microseconds(time)
        } else {
            watchdogInterval = nil
        }
    }

    /// Whether anybody listens.
    package var isConnected: Bool { socket != nil }

    /// The service does what it is for.
    package func ready(_ status: String) {
        hasBeenReady.withLock { $0 = true }
        send("READY=1", "STATUS=\(status)")
    }

    /// What it does now, in a few words.
    package func status(_ status: String) {
        send("STATUS=\(status)")
    }

    /// The start takes long for a reason that ending the process would not change.
    package func needsTime(_ time: Duration, _ status: String) {
        send("EXTEND_TIMEOUT_USEC=\(time.components.seconds * 1_000_000)", "STATUS=\(status)")
    }

    /// The configuration is being read again; ``reloaded(_:)`` follows in any case.
    package func reloading() {
        guard hasBeenReady.withLock(\.self) else { return }
        var now = timespec()
        let result = unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        precondition(result == 0, "clock_gettime fails only for clocks that do not exist")
        let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1000
        send("RELOADING=1", "MONOTONIC_USEC=\(microseconds)")
    }

    /// Reading the configuration again is over, whatever came of it.
    package func reloaded(_ status: String) {
        // READY would be a lie before the start is over.
        if hasBeenReady.withLock(\.self) { ready(status) } else { self.status(status) }
    }

    /// The service was asked to stop, and does.
    package func stopping() {
        send("STOPPING=1", "STATUS=stopping")
    }

    /// All that the service consists of came round.
    package func isAlive() {
        send("WATCHDOG=1")
    }

    private func send(_ lines: String...) {
        guard let socket else { return }
        // One line each, whatever stands in an error's text.
        let text = lines.map { $0.replacing("\n", with: " ") }.joined(separator: "\n")
        if let error = socket.send(text) {
            logger.warning(
                "the supervisor was not told",
                metadata: ["message": "\(lines[0])", "error": "\(error)"]
            )
        }
    }
}

/// A Unix datagram socket, connected to a supervisor's.
private final class SupervisorSocket: Sendable {
    private let descriptor: Int32
    private let address: sockaddr_un
    private let length: socklen_t

    /// - Parameter name: a path, or `@` and an abstract name (unix(7)); nil comes of anything else.
    init?(_ name: String) {
        var bytes = Array(name.utf8)
        guard name.hasPrefix("/") || name.hasPrefix("@"), bytes.count > 1 else { return nil }
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            // One byte is left for the zero that ends a path.
            guard bytes.count < path.count else { return false }
            unsafe path.copyBytes(from: bytes)
            return true
        }
        guard fits else { return nil }
        self.address = address
        // An abstract name ends where its length says.
        let end = bytes[0] == 0 ? 0 : 1
        length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + end)
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        // A supervisor that does not read delays its services so long, and no longer.
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
    }

    deinit {
        close(descriptor)
    }

    /// - Returns: why it was not sent; nil when it was.
    func send(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        let sent = unsafe withUnsafePointer(to: address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let flags = Int32(MSG_NOSIGNAL)
                return unsafe sendto(descriptor, bytes, bytes.count, flags, address, length)
            }
        }
        return sent >= 0 ? nil : unsafe String(cString: strerror(errno))
    }
}
