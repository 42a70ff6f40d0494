import NIOSSL
import Program
import Settings
import Synchronization

/// The certificate that the hooks port shows; each new connection gets the current one.
final class TLSIdentity: Sendable {
    private let current: Mutex<NIOSSLContext>

    init(_ settings: TLSSettings) throws(Failure) {
        current = Mutex(try Self.context(settings))
    }

    var context: NIOSSLContext { current.withLock(\.self) }

    /// Counts for every connection from now on; those that are open keep theirs.
    func replace(with settings: TLSSettings) throws(Failure) {
        let context = try Self.context(settings)
        current.withLock { $0 = context }
    }

    private static func context(_ settings: TLSSettings) throws(Failure) -> NIOSSLContext {
        do {
            return try settings.makeContext()
        } catch {
            throw Failure(.configuration, "ingress.tls cannot be used: \(error)")
        }
    }
}
