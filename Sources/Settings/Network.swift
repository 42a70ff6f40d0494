/// A range of addresses in CIDR notation: `10.0.0.0/8`, `2001:db8::/32`, or a single address.
///
/// IPv4 networks have IPv4 addresses, and IPv6 networks have IPv6 addresses: `::/0` is not
/// everybody.
package struct Network: Hashable, Sendable {
    private let base: IPAddress
    private let prefix: Int
    private let mask: UInt128

    /// Whether an address is in it.
    package func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == base.isIPv4 && address.bits & mask == base.bits
    }

    /// The address and the bits of it that count, of 128.
    private init(base: IPAddress, prefix: Int) {
        self.base = base
        self.prefix = prefix
        mask = Self.mask(prefix)
    }

    private static func mask(_ prefix: Int) -> UInt128 {
        prefix == 0 ? 0 : UInt128.max << UInt128(128 - prefix)
    }
}

extension Network {
    /// Reads a network or an address; nil for anything else.
    package init?(_ text: String) {
        do {
            try self.init(parsing: text)
        } catch {
            return nil
        }
    }

    /// Reads a network or an address.
    init(parsing text: String) throws(UnfitText) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let base = IPAddress(String(parts[0])) else {
            throw Self.unfit(text)
        }
        // IPv4 in IPv6's clothes counts its prefix as IPv6 does.
        let bits = base.isIPv4 && !parts[0].contains(":") ? 32 : 128
        var prefix = bits
        if parts.count == 2 {
            guard let number = Int(digits: parts[1]) else { throw Self.unfit(text) }
            guard number <= bits else {
                throw UnfitText("must have a prefix from 0 to \(bits), not \(quoted(text))")
            }
            prefix = number
        }
        let whole = prefix + 128 - bits
        let masked = IPAddress(bits: base.bits & Self.mask(whole))
        let network = Network(base: masked, prefix: whole)
        guard masked == base else {
            throw UnfitText(
                "has bits behind its prefix: write \(network) for the network, "
                    + "\(base) for the address"
            )
        }
        self = network
    }

    private static func unfit(_ text: String) -> UnfitText {
        UnfitText("must be a network such as 10.0.0.0/8 or an address, not \(quoted(text))")
    }
}

extension Network: CustomStringConvertible {
    /// As it is written in a configuration.
    package var description: String {
        "\(base)/\(base.isIPv4 ? prefix - 96 : prefix)"
    }
}

extension Setting {
    /// A list of networks; one that is empty is reported.
    ///
    /// `consequence` says what leaving it out means.
    func networks(consequence: String) -> [Network]? {
        guard let entries = list("a list of networks such as [10.0.0.0/8]") else { return nil }
        if entries.isEmpty { fail("\(name) is empty: leave it out for \(consequence)") }
        return entries.compactMap {
            $0.value("a network such as 10.0.0.0/8", Network.init(parsing:))
        }
    }
}
