import FoundationEssentials

/// What a URL of a handler says about the other end.
package struct HTTPAddress: Sendable, Equatable {
    /// Whether the connection uses TLS.
    package var isSecure: Bool

    /// A name or an address, IPv6 without brackets.
    package var host: String

    /// As written, or the scheme's own.
    package var port: Int

    /// Whether only this machine is on the way.
    var isLoopback: Bool { HostPort(host: host, port: port).isLoopback }

    /// `host:port`, which is all that logs and errors show of a URL: its path and query may hold
    /// a key.
    package var authority: String { HostPort(host: host, port: port).description }

    /// Reads a URL; nil when it is none that a handler may have.
    package init?(_ url: String) {
        do throws(UnfitText) {
            self = try Self.parse(url)
        } catch {
            return nil
        }
    }

    private init(isSecure: Bool, host: String, port: Int) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
    }

    /// The URL, if a handler may have it.
    static func checked(_ url: String) throws(UnfitText) -> String {
        _ = try parse(url)
        return url
    }

    /// Messages quote nothing of it: it may hold a key.
    private static func parse(_ url: String) throws(UnfitText) -> HTTPAddress {
        guard url.utf8.count <= Limits.urlBytesMax else {
            throw UnfitText("is longer than \(Limits.urlBytesMax) bytes")
        }
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw UnfitText("must be ASCII without spaces (percent-encoded)")
        }
        guard let parts = URLComponents(string: url), URL(string: url) != nil,
            let scheme = parts.scheme?.lowercased()
        else {
            throw UnfitText("must be a URL such as https://host:port/path")
        }
        guard scheme == "http" || scheme == "https" else {
            throw UnfitText("must begin with http:// or https://, not \(quoted(scheme + "://"))")
        }
        guard parts.user == nil, parts.password == nil else {
            throw UnfitText("must not have a user or a password in it: use bearer_file")
        }
        guard parts.fragment == nil else {
            throw UnfitText("must not have a fragment ('#'), which is never sent")
        }
        guard let host = parts.host, !host.isEmpty else {
            throw UnfitText("must be a URL such as https://host:port/path")
        }
        let port = parts.port ?? (scheme == "https" ? 443 : 80)
        guard (1...65_535).contains(port) else {
            throw UnfitText("must have a port from 1 to 65535, not \(port)")
        }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        return HTTPAddress(
            isSecure: scheme == "https",
            host: isBracketed ? String(host.dropFirst().dropLast()) : host,
            port: port
        )
    }
}

/// The value of a `Content-Type` header.
package enum MediaType {
    /// The value, if it looks like a media type with or without parameters.
    static func checked(_ text: String) throws(UnfitText) -> String {
        let parts = essence(text).split(separator: "/", omittingEmptySubsequences: false)
        let isType =
            parts.count == 2
            && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(\.isTokenByte) }
        guard isType, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw UnfitText("must be a media type such as application/json, not \(quoted(text))")
        }
        return text
    }

    /// Whether a body of this type is JSON: `application/json`, `application/cloudevents+json`.
    package static func isJSON(_ text: String) -> Bool {
        let essence = essence(text)
        return essence == "application/json" || essence.hasSuffix("+json")
    }

    /// Whether a body of this type is a form.
    package static func isForm(_ text: String) -> Bool {
        essence(text) == "application/x-www-form-urlencoded"
    }

    /// The type without its parameters, in lower case.
    private static func essence(_ text: String) -> String {
        let type = text.prefix { $0 != ";" }
        return String(type.reversed().drop { $0 == " " }.reversed()).lowercased()
    }
}
