import Foundation
import QueueCore
import Routing
import Settings
import TestSupport
import Testing

@testable import Operator

@Suite
struct RouteDifferenceTests {
    private static func job(
        _ route: String,
        handler: String = "h",
        with: String = "{}",
        lane: String? = nil
    ) -> NewJob {
        NewJob(
            route: route,
            handler: HandlerName(rawValue: handler),
            with: with,
            repo: "o/r",
            lane: lane
        )
    }

    @Test
    func `what becomes of each route is told`() {
        let old = [Self.job("a"), Self.job("b"), Self.job("c")]
        let new = [Self.job("a"), Self.job("b", handler: "g", lane: "l"), Self.job("d")]
        #expect(
            RouteDifference.routes(old, new) == [
                "b: handler g, not h, lane l, not none", "+d", "-c",
            ]
        )
        #expect(
            RouteDifference.routes([Self.job("a")], [Self.job("a", with: #"{"x":1}"#)])
                == [#"a: with {"x":1}, not {}"#]
        )
        let swapped = [Self.job("b"), Self.job("a")]
        #expect(RouteDifference.routes(Array(old.prefix(2)), swapped) == ["another order"])
    }

    @Test
    func `other levels of trust, and who knows of them, are told`() {
        let plain = Self.job("a")
        var (owner, asked) = (plain, plain)
        owner.trustNeeded = "owner,contributor"
        asked.trustNeeded = "owner,contributor"
        asked.asksGitea = true
        #expect(
            RouteDifference.routes([plain], [owner])
                == ["a: trust owner,contributor, not of any level"]
        )
        #expect(RouteDifference.routes([owner], [asked]) == ["a: Gitea is asked"])
        #expect(RouteDifference.routes([asked], [owner]) == ["a: Gitea is not asked"])
        #expect(RouteDifference.Change(from: [owner], to: [asked]) == .runsOtherwise)
    }

    @Test
    func `a delivery newly runs, no longer runs, or runs otherwise`() {
        let (a, b) = ([Self.job("a")], [Self.job("b")])
        #expect(RouteDifference.Change(from: [], to: []) == nil)
        #expect(RouteDifference.Change(from: a, to: a) == nil)
        #expect(RouteDifference.Change(from: [], to: a) == .newlyRuns)
        #expect(RouteDifference.Change(from: a, to: []) == .noLongerRuns)
        #expect(RouteDifference.Change(from: a, to: b) == .runsOtherwise)
    }

    private static let push = WaitingDelivery(
        target: .delivery(DeliverySeq(rawValue: 1)),
        source: "default",
        id: DeliveryID(rawValue: "a"),
        event: "push",
        eventType: "push",
        contentType: "application/json",
        verifiedBy: "test",
        receivedAt: Timestamp(rawValue: 0),
        tries: 0,
        body: Data(
            #"{"ref":"refs/heads/main","before":"a","after":"b","repository":{"id":1}}"#.utf8
        )
    )

    private static func decision(_ routes: RouteSettings...) -> Decision {
        Router(routes: routes).decide(push)
    }

    @Test
    func `each route that differs says which value keeps it from running`() throws {
        let always = RouteSettings(name: "a", events: .any, run: "h")
        let dev = try #require(Glob(pattern: "dev"))
        let rarely = RouteSettings(
            name: "a",
            events: .any,
            when: .branch([.name(dev)]),
            run: "h"
        )
        let shadow = RouteSettings(name: "a", events: .any, run: "h", mode: .shadow)
        let other = RouteSettings(name: "b", events: .any, run: "h")
        func because(_ old: Decision, _ new: Decision) -> [String] {
            RouteDifference.because(old, new)
        }
        let both = Self.decision(always, other)
        #expect(because(both, Self.decision(rarely, other)) == ["a: branch is main, not dev"])
        #expect(because(Self.decision(rarely, other), both) == ["a: branch is main, not dev"])
        #expect(because(both, Self.decision(shadow, other)) == ["a: in mode shadow"])
        #expect(
            because(Self.decision(shadow), both) == [
                "a: was in mode shadow", "b: there was no such route",
            ]
        )
        #expect(because(both, Self.decision(always)) == ["b: there is no such route"])
        #expect(because(both, both) == [])
    }

    @Test
    func `history is compared in batches, whatever its length`() async throws {
        let clock = TestClock()
        try await withStore(clock: clock) { store, _ in
            let start = clock.now
            let count = 3 * QueueCore.Limits.historyBatch + 5
            // Several at one time, over the border of a batch as well.
            for number in 1...count {
                if number % 10 == 0 { clock.step(by: .seconds(1)) }
                var delivery = Delivery.push(number, id: "delivery-\(number)")
                delivery.receivedAt = clock.now
                let batch = [delivery]
                _ = try await store.accept { batch }
            }
            let none = Router(routes: [])
            let pushes = Router(
                routes: [RouteSettings(name: "p", events: .types(["push"]), run: "h")],
                gates: GateSettings(tests: .run)
            )
            let difference = try await RouteDifference(
                between: none,
                and: pushes,
                over: store,
                since: start,
                keeping: 7
            )
            #expect(difference.compared == count)
            #expect(difference.counts == [.newlyRuns: count])
            let newest = (count - 6...count).reversed().map(Int64.init)
            #expect(difference.rows.map(\.seq.rawValue) == newest)
            #expect(difference.rows.first?.routes == ["+p"])
            let recent = try await RouteDifference(
                between: pushes,
                and: pushes,
                over: store,
                since: clock.now,
                keeping: 7
            )
            #expect(recent.compared == count % 10 + 1)
            #expect(recent.isEmpty)
        }
    }
}
