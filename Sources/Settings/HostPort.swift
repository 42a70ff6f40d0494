import Glibc

/// An address to listen on.
package struct HostPort: Sendable, Hashable, CustomStringConvertible {
    /// A host name, an IPv4 address, or an IPv6 address without brackets.
    package var host: String

    /// 0...65535; 0 lets the system choose.
    package var port: Int

    /// An address.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// As it is written: `127.0.0.1:8480`, `[::1]:8480`.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether only this machine can reach it: 127.0.0.0/8, ::1 or the name `localhost`.
    package var isLoopback: Bool {
        if let bytes = ipv4 { return bytes.first == 127 }
        if let bytes = ipv6 {
            // ::1, or an IPv4 address in IPv6's clothes (::ffff:127.0.0.1).
            return bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
                || bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127])
        }
        return host.lowercased() == "localhost"
    }

    /// Those of a numeric address, 4 or 16; nil for a name.
    package var bytes: [UInt8]? { ipv4 ?? ipv6 }

    private var ipv4: [UInt8]? { Self.address(host, family: AF_INET, size: 4) }

    private var ipv6: [UInt8]? { Self.address(host, family: AF_INET6, size: 16) }

    /// The bytes of a numeric address.
    private static func address(_ text: String, family: Int32, size: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: size)
        return unsafe inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }
}

extension HostPort {
    /// Reads `host:port` or `[address]:port`.
    init(parsing text: String) throws(UnfitText) {
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(digits: text[text.index(after: colon)...])
        else { throw Self.unfit(text) }
        guard (0...65_535).contains(port) else {
            throw UnfitText("must have a port from 0 to 65535, not \(port)")
        }
        let written = text[..<colon]
        guard !written.isEmpty, written != "*" else {
            throw UnfitText(
                "must name a host: 127.0.0.1:\(port) for this machine only, "
                    + "0.0.0.0:\(port) for every IPv4 address"
            )
        }
        if written.hasPrefix("["), written.hasSuffix("]") {
            self.init(host: String(written.dropFirst().dropLast()), port: port)
            guard ipv6 != nil else { throw Self.unfit(text) }
        } else {
            self.init(host: String(written), port: port)
            guard ipv4 != nil || Self.isName(host) else {
                guard ipv6 == nil else {
                    throw UnfitText("must have its IPv6 address in brackets: [\(host)]:\(port)")
                }
                throw Self.unfit(text)
            }
        }
    }

    private static func unfit(_ text: String) -> UnfitText {
        UnfitText("must be host:port such as 127.0.0.1:8480 or [::1]:8480, not \(quoted(text))")
    }

    /// Whether a text may be a host's name; what ends in a number would be an IPv4 address.
    private static func isName(_ host: String) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            !label.isEmpty && label.utf8.allSatisfy(\.isNameByte)
        } && !(labels.last?.utf8.allSatisfy(\.isDigit) ?? true)
    }
}

extension Setting {
    /// An address to listen on, or nil for the word `none`.
    func hostPortOrNone() -> HostPort? {
        value("host:port or none") { text throws(UnfitText) in
            text == "none" ? nil : try HostPort(parsing: text)
        } ?? nil
    }
}
