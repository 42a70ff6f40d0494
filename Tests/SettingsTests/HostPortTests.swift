import Testing

@testable import Settings

@Suite
struct HostPortTests {
    @Test(arguments: [
        ("127.0.0.1:8480", "127.0.0.1", 8480, true),
        ("127.9.9.9:0", "127.9.9.9", 0, true),
        ("[::1]:8480", "::1", 8480, true),
        ("[0:0::1]:1", "0:0::1", 1, true),
        ("[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1, true),
        ("localhost:65535", "localhost", 65535, true),
        ("0.0.0.0:80", "0.0.0.0", 80, false),
        ("[::]:80", "::", 80, false),
        ("git.example.org:80", "git.example.org", 80, false),
        ("localhost.example.org:80", "localhost.example.org", 80, false),
    ])
    func `an address is read and knows whether it is local`(
        text: String,
        host: String,
        port: Int,
        isLoopback: Bool
    ) throws {
        let address = try HostPort(parsing: text)
        #expect(address == HostPort(host: host, port: port))
        #expect(address.isLoopback == isLoopback)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "8480", "127.0.0.1", "127.0.0.1:", "127.0.0.1:+80", "127.0.0.1:http", "127.0.0.256:80",
        "1.2.3:80", "[::1]", "[::g]:80", "a b:80", "http://127.0.0.1:80", "a..b:80",
    ])
    func `what is no address is refused`(text: String) {
        #expect(
            throws: UnfitText(
                "must be host:port such as 127.0.0.1:8480 or [::1]:8480, not '\(text)'"
            )
        ) {
            try HostPort(parsing: text)
        }
    }

    @Test(arguments: [
        ("127.0.0.1:65536", "must have a port from 0 to 65535, not 65536"),
        ("::1:80", "must have its IPv6 address in brackets: [::1]:80"),
        (
            ":80",
            "must name a host: 127.0.0.1:80 for this machine only, "
                + "0.0.0.0:80 for every IPv4 address"
        ),
        (
            "*:80",
            "must name a host: 127.0.0.1:80 for this machine only, "
                + "0.0.0.0:80 for every IPv4 address"
        ),
    ])
    func `what is nearly an address is explained`(text: String, message: String) {
        #expect(throws: UnfitText(message)) { try HostPort(parsing: text) }
    }
}
