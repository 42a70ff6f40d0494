import Glibc

/// An IPv4 or IPv6 address.
///
/// One that is IPv4 inside of IPv6 (`::ffff:192.0.2.1`, as a socket that takes both shows it) is
/// the IPv4 address.
package struct IPAddress: Hashable, Sendable {
    /// The address as IPv6 writes it; IPv4 is mapped.
    package let bits: UInt128

    /// The prefix of IPv4 addresses in IPv6, `::ffff:0:0/96`.
    static let mapped: UInt128 = 0xFFFF << 32

    init(bits: UInt128) {
        self.bits = bits
    }

    /// An IPv4 address, its first number in the highest byte.
    package init(ipv4: UInt32) {
        bits = Self.mapped | UInt128(ipv4)
    }

    /// An address as a socket has it.
    private init(_ address: in_addr) {
        self.init(ipv4: UInt32(bigEndian: address.s_addr))
    }

    /// An address as a socket has it.
    private init(_ address: in6_addr) {
        let bits = unsafe withUnsafeBytes(of: address) { unsafe $0.loadUnaligned(as: UInt128.self) }
        self.bits = UInt128(bigEndian: bits)
    }

    /// Reads `192.0.2.1` or `2001:db8::1`: no port, no brackets, no zone.
    package init?(_ text: String) {
        var ipv4 = in_addr()
        if unsafe inet_pton(AF_INET, text, &ipv4) == 1 {
            self.init(ipv4)
            return
        }
        var ipv6 = in6_addr()
        guard unsafe inet_pton(AF_INET6, text, &ipv6) == 1 else { return nil }
        self.init(ipv6)
    }

    /// Whether it is IPv4.
    package var isIPv4: Bool { bits >> 32 == Self.mapped >> 32 }

    /// The first 64 bits of an IPv6 address, which one customer has; all of an IPv4 address.
    package var customer: UInt128 { isIPv4 ? bits : (bits >> 64) << 64 }
}

extension IPAddress: CustomStringConvertible {
    /// In the usual form.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if isIPv4 {
            var address = in_addr(s_addr: UInt32(truncatingIfNeeded: bits).bigEndian)
            unsafe inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
        } else {
            var address = bits.bigEndian
            unsafe inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
        }
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
