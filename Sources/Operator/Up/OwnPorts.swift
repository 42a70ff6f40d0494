import Foundation
import NIOCore
import Program
import QueueCore
import Settings

/// The ports of an ingress that is about to be started.
///
/// Looked at before anything is: another Samovar there would take the welcome's sample, and its
/// `/readyz` would be taken for the answer of the one that cannot begin.
struct OwnPorts {
    /// What says where they are.
    let ingress: IngressSettings

    /// - Throws: `.unavailable`, naming who holds a port that is taken.
    func refuseTaken() throws {
        let addresses: [(key: String, address: HostPort?)] = [
            ("ingress.listen", ingress.listen), ("ingress.health", ingress.health),
        ]
        for (key, address) in addresses {
            // The system finds one that is free.
            guard let address, address.port != 0 else { continue }
            if let code = Self.trouble(with: address) {
                throw Failure(
                    cannotListenOn: address,
                    systemError(code),
                    code: code,
                    key: key
                )
            }
        }
    }

    /// Binds it as the ingress will, and lets go of it: no connection is taken meanwhile.
    ///
    /// - Returns: the errno when that fails.
    private static func trouble(with address: HostPort) -> Int32? {
        // A name that nobody knows is the ingress's to tell.
        guard
            let resolved = try? SocketAddress.makeAddressResolvingHost(
                address.host,
                port: address.port
            )
        else { return nil }
        let family = if case .v6 = resolved { AF_INET6 } else { AF_INET }
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        // Connections that have ended may linger on a port that nobody listens on.
        var yes: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size) == 0 else {
            return errno
        }
        let result = unsafe resolved.withSockAddr { address, length in
            unsafe bind(descriptor, address, socklen_t(length))
        }
        return result == 0 ? nil : errno
    }
}
