import ArgumentParser
import QueueCore
import Settings
import TestSupport
import Testing

@testable import Operator

/// What `replay --dry-run` says of the jobs, and of the routes that a filter does not choose.
@Suite
struct ReplayForecastTests {
    private static let routes = [
        RouteSettings(name: "ci", events: .types(["push"]), run: "build"),
        RouteSettings(name: "all", events: .any, run: "note"),
        RouteSettings(name: "issues", events: .types(["issues"]), run: "note"),
    ]

    private func forecast(
        onlyRoute: String? = nil,
        unread: Set<ConfigurationPart> = []
    ) async throws -> ReplayForecast {
        var configuration = Configuration(
            file: "/samovar.yaml",
            store: "/queue.db",
            ingress: IngressSettings(secrets: []),
            routes: Self.routes
        )
        configuration.unread = unread
        var forecast: ReplayForecast?
        try await withStore { store, _ in
            _ = try await store.accept { [.push(1, id: "a"), .push(2, id: "b")] }
            forecast = try await ReplayForecast(
                of: [DeliverySeq(rawValue: 1), DeliverySeq(rawValue: 2)],
                onlyRoute: onlyRoute,
                configuration,
                in: store
            )
        }
        return try #require(forecast)
    }

    private func text(_ forecast: ReplayForecast) -> String {
        DryRun(
            verb: "replay",
            noun: "delivery",
            plural: "deliveries",
            count: 2,
            counts: [],
            columns: [],
            forecast: forecast
        ).text(isDryRun: true, on: .none)
    }

    @Test
    func `the jobs of all routes are shown, or those of the only one`() async throws {
        let end = "\nwould replay 2 deliveries; nothing was changed\n"
        let all = try await text(forecast())
        #expect(
            all == "jobs that will be made\njobs  route  handler\n   2  all    note\n"
                + "   2  ci     build\n" + end
        )
        let one = try await text(forecast(onlyRoute: "ci"))
        #expect(
            one == "jobs that will be made\njobs  route  handler\n   2  ci     build\n" + end
        )
        let none = try await text(forecast(onlyRoute: "issues"))
        #expect(none == "no jobs will be made: no route matches\n" + end)
    }

    @Test
    func `a configuration with mistakes tells no jobs`() async throws {
        let forecast = try await forecast(unread: [.routes])
        #expect(forecast.jobs.isEmpty)
        #expect(forecast.note?.hasPrefix("which jobs will be made is not known") == true)
    }

    @Test
    func `a filter of routes says that it chooses deliveries`() {
        let note = ReplayStartCommand.note(filter: "ci", onlyRoute: nil)
        #expect(
            note == "every route is asked about these deliveries, not ci alone: "
                + "--only-route ci makes jobs of that one"
        )
        #expect(ReplayStartCommand.note(filter: "ci", onlyRoute: "ci") == nil)
        #expect(ReplayStartCommand.note(filter: nil, onlyRoute: nil) == nil)
    }

    @Test
    func `--only-route is no filter, and goes with names and filters`() throws {
        #expect(throws: (any Error).self) {
            try OperatorCommand.parseAsRoot(["replay", "--only-route", "ci"])
        }
        for words in [["replay", "17"], ["replay", "--since", "2h"]] {
            let command = try OperatorCommand.parseAsRoot(words + ["--only-route", "ci"])
            #expect((command as? ReplayStartCommand)?.onlyRoute == "ci")
        }
    }
}
