import NIOHTTP1
import Settings
import Testing

@testable import Ingress

@Suite
struct ClientAddressTests {
    /// What a request from the peer 127.0.0.1 says, and whose it is.
    struct Case: Sendable, CustomTestStringConvertible {
        let forwarded: [String]
        let client: String

        init(_ forwarded: [String], _ client: String) {
            self.forwarded = forwarded
            self.client = client
        }

        var testDescription: String { "\(forwarded)" }
    }

    private static let attacker = "203.0.113.9"

    @Test(arguments: [
        Case([], "127.0.0.1"),
        Case([""], "127.0.0.1"),
        Case([attacker], attacker),
        Case(["  203.0.113.9\t"], attacker),
        Case(["203.0.113.9:4711"], attacker),
        Case(["::ffff:203.0.113.9"], attacker),
        Case(["[2001:db8::1]"], "2001:db8::1"),
        Case(["[2001:db8::1]:4711"], "2001:db8::1"),
        Case(["2001:db8::1"], "2001:db8::1"),
        // What stands left of the first one who is not trusted was written by him.
        Case(["192.0.2.1, 203.0.113.9"], attacker),
        Case(["127.0.0.1, 203.0.113.9"], attacker),
        Case(["garbage, 203.0.113.9"], attacker),
        Case(["192.0.2.1", attacker], attacker),
        // Past proxies that are trusted, over several headers.
        Case(["203.0.113.9, 10.0.0.7"], attacker),
        Case(["192.0.2.1, 203.0.113.9", "10.0.0.7", "10.0.0.8"], attacker),
        Case(["203.0.113.9, , 10.0.0.7,"], attacker),
        Case(["10.0.0.7, 10.0.0.8"], "10.0.0.7"),
        // Garbage of a proxy's own: the request is the proxy's.
        Case(["unknown"], "127.0.0.1"),
        Case(["203.0.113.9, unknown"], "127.0.0.1"),
        Case(["203.0.113.9, unknown, 10.0.0.7"], "10.0.0.7"),
        Case(["203.0.113.9:"], "127.0.0.1"),
        Case(["203.0.113.9:port"], "127.0.0.1"),
        Case(["203.0.113.9:123456"], "127.0.0.1"),
        Case(["[203.0.113.9]"], "127.0.0.1"),
        Case(["[2001:db8::1"], "127.0.0.1"),
        Case(["[2001:db8::1]x"], "127.0.0.1"),
        Case(["2001:db8::1%eth0"], "127.0.0.1"),
    ])
    func `the client is the first from the right who is not trusted`(_ item: Case) throws {
        let sources = try sources(proxies: "[127.0.0.1, 10.0.0.0/8]")
        let headers = HTTPHeaders(
            item.forwarded.map { ("x-Forwarded-FOR", $0) } + [("X-Forwarded-Host", "10.9.9.9")]
        )
        let peer = IPAddress("127.0.0.1")
        #expect(sources.client(of: peer, headers)?.description == item.client)
    }

    @Test
    func `who is no trusted proxy says nothing about clients`() throws {
        let headers = HTTPHeaders([("X-Forwarded-For", "10.0.0.1")])
        let peer = try #require(IPAddress("192.0.2.1"))
        #expect(try sources(proxies: "[10.0.0.0/8]").client(of: peer, headers) == peer)
        #expect(try sources(proxies: nil).client(of: peer, headers) == peer)
        #expect(try sources(proxies: "[10.0.0.0/8]").client(of: nil, headers) == nil)
    }

    @Test
    func `a proxy at a Unix socket names the client, when it is trusted by that word`() throws {
        let headers = HTTPHeaders([("X-Forwarded-For", "203.0.113.9, 10.0.0.1")])
        let client = IPAddress("203.0.113.9")
        let both = try sources(proxies: "[unix, 10.0.0.0/8]")
        #expect(both.client(of: nil, headers) == client)
        #expect(both.client(of: nil, HTTPHeaders()) == nil)
        #expect(try sources(proxies: "[unix]").client(of: nil, headers) == IPAddress("10.0.0.1"))
        // Who comes by TCP does not become trusted by it.
        let peer = try #require(IPAddress("192.0.2.1"))
        #expect(try sources(proxies: "[unix]").client(of: peer, headers) == peer)
    }

    private func sources(proxies: String?) throws -> Sources {
        let networks = proxies.map { text in
            text.dropFirst().dropLast().split(separator: ", ").compactMap { word in
                word == "unix" ? Proxy.unix : Network(String(word)).map(Proxy.network)
            }
        }
        let source = SourceSettings(secrets: [Secret(id: "a", file: "", key: [1])])
        return Sources([source], proxies: networks ?? [])
    }
}
