import Testing

@testable import Settings

@Suite
struct NetworkTests {
    private func network(_ text: String) throws -> Network { try Network(parsing: text) }

    private func address(_ text: String) throws -> IPAddress {
        try #require(IPAddress(text), "\(text)")
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false),
        ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.128/25", "192.0.2.127", false), ("192.0.2.128/25", "192.0.2.128", true),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false),
        ("::1", "::1", true), ("::/0", "2001:db8::1", true),
        // All of IPv6 is not all of IPv4, however that is written.
        ("::/0", "10.0.0.1", false), ("::/0", "::ffff:10.0.0.1", false),
        ("10.0.0.0/8", "::ffff:10.0.0.1", true), ("::ffff:10.0.0.0/104", "10.1.2.3", true),
        ("::ffff:0.0.0.0/96", "10.1.2.3", true),
    ])
    func `a network has the addresses of its prefix`(
        text: String,
        member: String,
        isMember: Bool
    ) throws {
        #expect(try network(text).contains(address(member)) == isMember)
    }

    @Test(arguments: [
        ("x", "must be a network such as 10.0.0.0/8 or an address, not 'x'"),
        ("10.0.0/8", "must be a network such as 10.0.0.0/8 or an address, not '10.0.0/8'"),
        ("10.0.0.0/", "must be a network such as 10.0.0.0/8 or an address, not '10.0.0.0/'"),
        ("10.0.0.0/-1", "must be a network such as 10.0.0.0/8 or an address, not '10.0.0.0/-1'"),
        ("10.0.0.0/8/8", "must be a network such as 10.0.0.0/8 or an address, not '10.0.0.0/8/8'"),
        ("10.0.0.0/33", "must have a prefix from 0 to 32, not '10.0.0.0/33'"),
        ("::/129", "must have a prefix from 0 to 128, not '::/129'"),
        (
            "10.1.2.3/8",
            "has bits behind its prefix: write 10.0.0.0/8 for the network, 10.1.2.3 for the address"
        ),
        (
            "2001:db8::1/32",
            "has bits behind its prefix: write 2001:db8::/32 for the network, "
                + "2001:db8::1 for the address"
        ),
    ])
    func `what is no network says why`(text: String, message: String) {
        #expect(throws: UnfitText(message)) { try Network(parsing: text) }
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", "::1%lo", "[::1]", "1.2.3.4:80",
        "unknown", "::1::",
    ])
    func `what is no address is nil`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("2001:DB8:0::1", "2001:db8::1"), ("::", "::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
    ])
    func `an address is written in its usual form`(text: String, form: String) throws {
        #expect(try address(text).description == form)
    }

    @Test
    func `an IPv6 customer has 64 bits, an IPv4 customer all 32`() throws {
        #expect(try address("2001:db8::1").customer == address("2001:db8::ffff:1").customer)
        #expect(try address("2001:db8::1").customer != address("2001:db8:0:1::1").customer)
        #expect(try address("192.0.2.1").customer != address("192.0.2.2").customer)
    }
}
