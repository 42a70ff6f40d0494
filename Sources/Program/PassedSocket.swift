import Foundation

/// A listening socket that the service manager opened for this process (sd_listen_fds(3)).
///
/// It stays open with the manager while this process ends and the next one starts: connections wait
/// meanwhile, and none is refused.
package struct PassedSocket: Sendable, Equatable {
    /// Closed on exec.
    package var descriptor: Int32

    /// What the manager calls it (`FileDescriptorName=`, else the name of the socket's unit).
    package var name: String

    /// Whether it has a path or an abstract name, not an IP address.
    package var isLocal: Bool

    /// Takes the sockets that this process was started with, so that nothing it starts has them.
    ///
    /// To be called before there are other threads that look at the environment.
    ///
    /// - Returns: none, when there are none, or when they are meant for another process.
    /// - Throws: `.configuration` when one of them is something else than a listening socket.
    package static func takeAll() throws(Failure) -> [PassedSocket] {
        let environment = ProcessInfo.processInfo.environment
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
        return try all(in: environment)
    }

    private static func all(in environment: [String: String]) throws(Failure) -> [PassedSocket] {
        guard environment["LISTEN_PID"] == String(getpid()) else { return [] }
        let text = environment["LISTEN_FDS"] ?? ""
        guard let count = Int32(text), (0...descriptorsMost).contains(count) else {
            throw failure("LISTEN_FDS is '\(text)', not a number of sockets")
        }
        let descriptors = first..<(first + count)
        // Before anything can go wrong: a handler must not hold the port of a dead ingress.
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var names = environment["LISTEN_FDNAMES"].map { names in
            names.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
        if names == nil { names = Array(repeating: "unknown", count: Int(count)) }
        guard let names, names.count == Int(count) else {
            throw failure("LISTEN_FDNAMES does not name \(count) sockets, as LISTEN_FDS has it")
        }
        var sockets: [PassedSocket] = []
        for (descriptor, name) in zip(descriptors, names) {
            if let problem = problem(with: descriptor) {
                throw failure("descriptor \(descriptor) ('\(name)') \(problem)")
            }
            let isLocal = option(SO_DOMAIN, of: descriptor) == AF_UNIX
            sockets.append(PassedSocket(descriptor: descriptor, name: name, isLocal: isLocal))
        }
        return sockets
    }

    /// What is wrong with a descriptor that should be a listening stream socket.
    private static func problem(with descriptor: Int32) -> String? {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return "is not open" }
        guard status.st_mode & S_IFMT == S_IFSOCK else { return "is no socket" }
        guard option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue) else {
            return "is no stream socket: use ListenStream="
        }
        let domain = option(SO_DOMAIN, of: descriptor)
        guard domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX else {
            return "is neither an IP nor a Unix socket"
        }
        guard option(SO_ACCEPTCONN, of: descriptor) == 1 else {
            return "does not listen: use Accept=no"
        }
        return nil
    }

    private static func option(_ name: Int32, of descriptor: Int32) -> Int32 {
        var value: Int32 = -1
        var size = socklen_t(MemoryLayout<Int32>.size)
        let result = unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &size)
        return result == 0 ? value : -1
    }

    private static func failure(_ message: String) -> Failure {
        Failure(
            .configuration,
            "the sockets that this service was started with cannot be used: \(message)",
            hint: "Compare its socket unit with deploy/systemd, or start it without one."
        )
    }

    /// SD_LISTEN_FDS_START.
    private static let first: Int32 = 3

    /// Far more than a socket unit has; a larger number is a mistake, not a wish.
    private static let descriptorsMost: Int32 = 64
}
