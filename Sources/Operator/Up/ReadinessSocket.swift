import Dispatch
import Foundation
import Program
import Spawn

/// Where a service says that it is ready: the socket that its `NOTIFY_SOCKET` names (sd_notify(3)).
///
/// It has an abstract name (unix(7)), which is gone with this process, however that ends.
final class ReadinessSocket: Sendable {
    /// What the service finds in `NOTIFY_SOCKET`.
    let name: String

    private let listening: DatagramSource

    /// Listens from now on, until this goes away.
    ///
    /// - Parameters:
    ///   - service: whose readiness it is; for people who look at the machine's sockets.
    ///   - ready: called whenever the service says that it is ready.
    /// - Throws: the errno when there is no such socket to be had.
    init(of service: Service, ready: @escaping @Sendable () -> Void) throws(SpawnError) {
        name = "@samovar-up-\(getpid())-\(service.rawValue)-\(UInt64.random(in: .min ... .max))"
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw SpawnError(code: errno) }
        guard Self.bind(descriptor, to: name) else {
            let error = SpawnError(code: errno)
            close(descriptor)
            throw error
        }
        let listening = DatagramSource(descriptor)
        listening.source.setEventHandler {
            while let message = Self.receive(descriptor) {
                if message.split(separator: "\n").contains("READY=1") { ready() }
            }
        }
        listening.source.setCancelHandler { close(descriptor) }
        listening.source.activate()
        self.listening = listening
    }

    deinit {
        listening.source.cancel()
    }

    private static func bind(_ descriptor: Int32, to name: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = [0] + Array(name.utf8.dropFirst())
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            precondition(bytes.count < path.count, "the name is short")
            unsafe path.copyBytes(from: bytes)
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        return unsafe withUnsafePointer(to: address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe Glibc.bind(descriptor, address, length) == 0
            }
        }
    }

    private static func receive(_ descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        return count >= 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}

/// A dispatch source that other threads may hold.
///
/// Unchecked, because the protocol is not marked: dispatch objects may be used from any thread.
private final class DatagramSource: @unchecked Sendable {
    let source: any DispatchSourceRead

    init(_ descriptor: Int32) {
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
    }
}
