import Gitea
import Settings

/// One path that takes deliveries, and what is believed there.
///
/// A class, so that a request that holds on to its source costs one reference.
final class Source: Sendable {
    let name: String
    let path: [UInt8]
    let pathText: String
    let keys: [SigningKey]
    let bearer: BearerToken?
    let verification: Verification
    /// Empty for everybody.
    let networks: [Network]
    let bodyBytesMax: Int

    init(_ settings: SourceSettings) {
        name = settings.name
        pathText = settings.path
        path = Array(settings.path.utf8)
        keys = settings.secrets.map { SigningKey(id: $0.id, key: $0.key) }
        bearer = settings.bearer.map { BearerToken($0.token) }
        verification = settings.verification
        networks = settings.networks
        bodyBytesMax = settings.maxBodyBytes
    }

    /// Whether requests of a client are taken.
    ///
    /// A client without an address, behind a Unix socket, is in no network.
    func admits(_ client: IPAddress?) -> Bool {
        if networks.isEmpty { return true }
        guard let client else { return false }
        return networks.contains { $0.contains(client) }
    }

    /// What keeps the headers from showing what `bearer` asks for; nil when they do.
    ///
    /// Two `Authorization` headers say nothing: who is in between may read the other one.
    func objection(to authorization: RequestFacts.Authorization) -> RefusalCause? {
        guard let bearer else { return nil }
        switch authorization {
        case .none: return .noAuthorization
        case .several: return .severalAuthorizations
        case .one(let value): return bearer.isShown(in: value) ? nil : .wrongBearer
        }
    }
}

/// All sources, and whose word counts about where a request comes from.
///
/// One value: SIGHUP replaces it as a whole, and a request goes by the one that was there when its
/// head came.
struct Sources: Sendable {
    private let sources: [Source]
    /// In the order of the configuration.
    var all: [Source] { sources }
    let proxies: [Proxy]

    init(_ settings: IngressSettings) {
        self.init(settings.sources, proxies: settings.proxies)
    }

    init(_ sources: [SourceSettings], proxies: [Proxy] = []) {
        self.sources = sources.map { Source($0) }
        self.proxies = proxies
    }

    /// The source for a request's target: `/path?query` or `http://host/path?query`.
    ///
    /// Compared in place: a copy of the path would be most of the cost.
    func source(at target: String) -> Source? {
        let bytes = target.utf8.span
        let start = Self.pathStart(bytes)
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "?") { end += 1 }
        return sources.first { source in
            guard source.path.count == end - start else { return false }
            for index in 0..<source.path.count where source.path[index] != bytes[start + index] {
                return false
            }
            return true
        }
    }

    /// Where the path begins; a server must take the absolute form too (RFC 9112, section 3.2.2).
    private static func pathStart(_ target: borrowing Span<UInt8>) -> Int {
        let slash = UInt8(ascii: "/")
        guard target.count > 0, target[0] != slash else { return 0 }
        for scheme in ["http://", "https://"] where begins(target, with: scheme) {
            var index = scheme.utf8.count
            while index < target.count, target[index] != slash {
                // A host without a path: no source has an empty one.
                if target[index] == UInt8(ascii: "?") { return target.count }
                index += 1
            }
            return index
        }
        return 0
    }

    private static func begins(_ text: borrowing Span<UInt8>, with lowercase: String) -> Bool {
        let expected = lowercase.utf8.span
        guard text.count >= expected.count else { return false }
        for index in 0..<expected.count where text[index] | 0x20 != expected[index] | 0x20 {
            return false
        }
        return true
    }
}
