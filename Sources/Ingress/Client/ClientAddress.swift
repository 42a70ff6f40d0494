import NIOCore
import NIOHTTP1
import Settings

extension IPAddress {
    /// The address of a peer; nil for one behind a Unix socket.
    init?(_ address: SocketAddress?) {
        guard let text = address?.ipAddress else { return nil }
        self.init(text)
    }
}

extension Sources {
    /// Whose request it is: the peer, or whom trusted proxies name in `X-Forwarded-For`.
    ///
    /// Read from the right, where the nearest proxy writes whom it heard, as long as the one who
    /// wrote is trusted. What anybody else wrote stands further left and is never reached. An entry
    /// that is no address ends the walk too: the request then is that of the proxy that wrote it.
    func client(of peer: IPAddress?, _ headers: HTTPHeaders) -> IPAddress? {
        guard !proxies.isEmpty, isProxy(peer) else { return peer }
        var client = peer
        // Several headers are one list (RFC 9110, section 5.3).
        for (name, value) in headers.reversed() where ForwardedFor.isName(name) {
            for entry in value.split(separator: ",").reversed() {
                let entry = entry.trimmingWhitespace()
                if entry.isEmpty { continue }
                guard let address = ForwardedFor.address(in: entry) else { return client }
                client = address
                guard isProxy(client) else { return client }
            }
        }
        return client
    }

    /// Whoever connected to a Unix socket has no address.
    private func isProxy(_ address: IPAddress?) -> Bool {
        proxies.contains { proxy in
            switch proxy {
            case .network(let network): address.map { network.contains($0) } ?? false
            case .unix: address == nil
            }
        }
    }
}

/// The header `X-Forwarded-For`.
enum ForwardedFor {
    private static let name = "x-forwarded-for"

    static func isName(_ text: String) -> Bool {
        text.utf8.count == name.utf8.count && text.lowercased() == name
    }

    /// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
    static func address(in entry: Substring) -> IPAddress? {
        if entry.first == "[" {
            guard let end = entry.firstIndex(of: "]") else { return nil }
            let port = entry[entry.index(after: end)...]
            guard port.isEmpty || isPort(port) else { return nil }
            return address(entry[entry.index(after: entry.startIndex)..<end], isIPv4: false)
        }
        let colons = entry.utf8.count { $0 == UInt8(ascii: ":") }
        guard colons == 1, let colon = entry.firstIndex(of: ":") else {
            return IPAddress(String(entry))
        }
        guard isPort(entry[colon...]) else { return nil }
        return address(entry[..<colon], isIPv4: true)
    }

    /// Brackets are for IPv6 alone, a single colon for IPv4.
    private static func address(_ text: Substring, isIPv4: Bool) -> IPAddress? {
        guard text.utf8.contains(UInt8(ascii: ":")) != isIPv4 else { return nil }
        return IPAddress(String(text))
    }

    private static func isPort(_ text: Substring) -> Bool {
        let digits = text.dropFirst()
        return text.first == ":" && (1...5).contains(digits.utf8.count)
            && digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

extension Substring {
    fileprivate func trimmingWhitespace() -> Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
