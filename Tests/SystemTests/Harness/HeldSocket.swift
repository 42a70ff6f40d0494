import Foundation

/// A listening socket that a test holds open, as systemd does for a socket unit.
final class HeldSocket: Sendable {
    let descriptor: Int32
    /// 0 for a Unix socket.
    let port: UInt16

    /// Listens on a free TCP port.
    ///
    /// - Parameters:
    ///   - host: an IPv4 address.
    ///   - listens: whether connections are taken; otherwise the port is only bound.
    init(host: String = "127.0.0.1", listens: Bool = true) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        precondition(descriptor >= 0, "out of sockets: \(errno)")
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        _ = unsafe inet_pton(AF_INET, host, &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, length) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        precondition(isBound, "no port on \(host): \(errno)")
        port = UInt16(bigEndian: address.sin_port)
        if listens { precondition(listen(descriptor, 4096) == 0, "cannot listen: \(errno)") }
    }

    /// Listens on a Unix socket.
    init(path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        precondition(descriptor >= 0, "out of sockets: \(errno)")
        let isBound = unsafe withUnixAddress(path) { [descriptor] address, length in
            unsafe bind(descriptor, address, length) == 0
        }
        precondition(isBound && listen(descriptor, 4096) == 0, "cannot listen on \(path): \(errno)")
        port = 0
    }

    deinit {
        close(descriptor)
    }
}

/// Calls a socket function with the address of a path, or of `@` and an abstract name.
func withUnixAddress<Value>(
    _ name: String,
    _ call: (UnsafePointer<sockaddr>, socklen_t) -> Value
) -> Value {
    var bytes = Array(name.utf8)
    if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
        precondition(bytes.count < path.count, "\(name) is too long for a socket")
        unsafe path.copyBytes(from: bytes)
    }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + (bytes[0] == 0 ? 0 : 1))
    return unsafe withUnsafePointer(to: address) { address in
        unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            unsafe call(address, length)
        }
    }
}

extension Site {
    /// Starts the ingress with sockets in the descriptors from 3 on, as systemd does.
    func startIngress(
        passing sockets: [HeldSocket],
        names: String?,
        environment: [String: String] = [:],
        under wrapper: [String] = []
    ) throws -> RunningProgram {
        try startIngress(
            passing: sockets.map(\.descriptor),
            names: names,
            environment: environment,
            under: wrapper
        )
    }

    /// The same with any descriptors, at most two.
    func startIngress(
        passing descriptors: [Int32],
        names: String?,
        environment: [String: String] = [:],
        under wrapper: [String] = []
    ) throws -> RunningProgram {
        var environment = environment
        environment["LISTEN_FDS"] = String(descriptors.count)
        environment["LISTEN_FDNAMES"] = names
        // They come as 0 and 1, and leave these to what belongs there.
        let moves = descriptors.count == 1 ? "3<&0 0</dev/null" : "3<&0 4<&1 0</dev/null 1>&2"
        return try start(
            Binaries.ingress,
            under: [
                "/bin/sh", "-c", "export LISTEN_PID=$$; exec \(moves); exec \"$@\"", "sh",
            ] + wrapper,
            environment: environment,
            sockets: descriptors
        )
    }
}
