import NIOCore
import Settings
import Testing

@testable import Ingress

@Suite
struct FailureThrottleTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test
    func `the first 20 failures in a minute are refused, those after them told to wait`() throws {
        var throttle = FailureThrottle()
        let client = try address("192.0.2.1")
        for second in 0..<20 {
            let now = start + .seconds(Int64(second))
            #expect(throttle.noteFailure(of: client, now: now) == .refused)
        }
        for second in [20, 40, 59] as [Int64] {
            #expect(
                throttle.noteFailure(of: client, now: start + .seconds(second))
                    == .tooMany(retryAfter: .seconds(60 - second))
            )
        }
        // The time is over, and counting begins anew.
        for _ in 1...20 {
            let now = start + .seconds(60)
            #expect(throttle.noteFailure(of: client, now: now) == .refused)
        }
        #expect(
            throttle.noteFailure(of: client, now: start + .seconds(61))
                == .tooMany(retryAfter: .seconds(59))
        )
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1", "::ffff:192.0.2.1", true),
        ("2001:db8::1", "2001:db8::2:ffff", true),
        ("2001:db8::1", "2001:db8:0:1::1", false),
    ])
    func `clients are told apart by address, by the first 64 bits of IPv6`(
        one: String,
        other: String,
        isSame: Bool
    ) throws {
        var throttle = FailureThrottle()
        for _ in 1...20 { _ = throttle.noteFailure(of: try address(one), now: start) }
        let verdict = throttle.noteFailure(of: try address(other), now: start)
        #expect((verdict != .refused) == isSame)
    }

    @Test
    func `clients without an address are one client`() {
        var throttle = FailureThrottle()
        for _ in 1...20 { #expect(throttle.noteFailure(of: nil, now: start) == .refused) }
        #expect(throttle.noteFailure(of: nil, now: start) != .refused)
    }

    @Test
    func `when the table is full, the client that failed longest ago is forgotten`() throws {
        var throttle = FailureThrottle(clientsMost: 3)
        let clients = try (1...4).map { try address("192.0.2.\($0)") }
        for client in clients[..<3] {
            for _ in 1...21 { _ = throttle.noteFailure(of: client, now: start) }
        }
        // The first one fails again, so the second one is the oldest now.
        #expect(throttle.noteFailure(of: clients[0], now: start) != .refused)
        #expect(throttle.noteFailure(of: clients[3], now: start) == .refused)
        #expect(throttle.noteFailure(of: clients[0], now: start) != .refused)
        #expect(throttle.noteFailure(of: clients[2], now: start) != .refused)
        #expect(throttle.noteFailure(of: clients[1], now: start) == .refused)
        // Which made room by forgetting the fourth.
        #expect(throttle.noteFailure(of: clients[0], now: start) != .refused)
        for _ in 2...20 { #expect(throttle.noteFailure(of: clients[1], now: start) == .refused) }
        #expect(throttle.noteFailure(of: clients[1], now: start) != .refused)
    }

    @Test
    func `a table of one row works`() throws {
        var throttle = FailureThrottle(clientsMost: 1)
        for number in 1...100 {
            let client = try address("192.0.2.\(number)")
            #expect(throttle.noteFailure(of: client, now: start) == .refused)
        }
    }
}
