import ArgumentParser
import Foundation
import Gitea
import QueueCore
import Routing
import Settings

/// `route`: what it costs to decode deliveries and to decide what they mean.
struct RouteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route",
        abstract: "Decodes and decides recorded deliveries, on one core, without a commit.",
        discussion: """
            Recorded bodies up to --body-bytes are filled up to that size with users as Gitea writes
            them, stored, read as a worker reads them, and decided again and again. Then longer
            recordings are decoded alone, and at last the memory is taken that a body of --megabytes
            costs beside its own bytes.
            """
    )

    @OptionGroup var place: PlaceOption

    @Option(help: "Folder with recorded deliveries.")
    var recordings = "Tests/Fixtures/deliveries"

    @Option(help: "Routes, each with conditions.")
    var routes = 20

    @Option(help: "Size of each body.")
    var bodyBytes = 8192

    @Option(help: "Seconds for each measurement.")
    var seconds = 5

    @Option(help: "Size of the large body, in megabytes.")
    var megabytes = 30

    func validate() throws {
        guard routes >= 1, bodyBytes >= 4096, seconds >= 1, 1...1000 ~= megabytes else {
            throw ValidationError(
                "--routes and --seconds are at least 1, --body-bytes at least 4096, "
                    + "--megabytes from 1 to 1000"
            )
        }
    }

    func run() async throws {
        let recorded = try RecordedBody.all(in: recordings)
        try await measureDecisions(recorded)
        try measureDecoding(recorded)
        for large in LargeBody.all(bytes: megabytes << 20) { try await measureMemory(large) }
    }
}

// MARK: - Decisions

extension RouteCommand {
    private struct Decisions: Encodable {
        var measurement = "decide"
        var routes: Int
        var bodyBytes: Int
        var deliveries: Int
        var perSecond: Double
        var usEach: Double
        var routedShare: Double
    }

    private func measureDecisions(_ recorded: [RecordedBody]) async throws {
        let bodies = recorded.filter { $0.payload.count <= bodyBytes - RecordedBody.fillerLeast }
        let waiting = try await waiting(bodies.map { $0.filled(to: bodyBytes) })
        let router = Router(routes: Self.conditions(routes))
        var routed = 0
        let pace = Pace(seconds: seconds) { round in
            let decision = router.decide(waiting[round % waiting.count])
            if decision.verdict == .routed { routed += 1 }
        }
        try report(
            Decisions(
                routes: routes,
                bodyBytes: bodyBytes,
                deliveries: pace.count,
                perSecond: rounded(pace.perSecond, digits: 0),
                usEach: rounded(pace.microsecondsEach, digits: 2),
                routedShare: rounded(Double(routed) / Double(pace.count), digits: 2)
            )
        )
    }

    /// The deliveries as a worker reads them from a store.
    private func waiting(_ bodies: [RecordedBody]) async throws -> [WaitingDelivery] {
        let path = "\(place.dir)/route.db"
        guard !FileManager.default.fileExists(atPath: path) else {
            throw BenchmarkError.storeExists(path)
        }
        let store = try SQLiteStore(path: path)
        let deliveries = bodies.enumerated().map { number, body in
            Delivery(
                source: "default",
                id: DeliveryID(rawValue: "bench-\(number)"),
                event: body.type,
                eventType: body.type,
                targetType: nil,
                receivedAt: Clocks.system.now(),
                remote: "127.0.0.1",
                contentType: "application/json",
                headers: "{}",
                verifiedBy: "bench",
                body: body.payload
            )
        }
        _ = try await store.accept { deliveries }
        let waiting = try await store.waitingToBeRouted(atMost: deliveries.count)
        try await store.close()
        for end in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + end) {
            try FileManager.default.removeItem(atPath: path + end)
        }
        guard waiting.count == deliveries.count else {
            throw BenchmarkError.notRouted("\(waiting.count) of \(deliveries.count) wait")
        }
        return waiting
    }

    /// Routes of which each delivery meets a few; every one reads something of the payload.
    private static func conditions(_ count: Int) -> [RouteSettings] {
        (0..<count).map { number in
            let name = "route-\(number)"
            return switch number % 5 {
            case 0:
                RouteSettings(
                    name: name,
                    events: .types(["push"]),
                    when: .not(.branch([.defaultBranch])),
                    run: "h",
                    lane: .ref
                )
            case 1:
                RouteSettings(
                    name: name,
                    events: .types(["issues", "issue_label", "issue_assign"]),
                    when: .action(["opened", "reopened"]),
                    run: "h",
                    lane: .issue
                )
            case 2:
                RouteSettings(name: name, events: .any, when: .action(["no-such-action"]), run: "h")
            case 3:
                RouteSettings(
                    name: name,
                    events: .types(["issue_comment", "pull_request_comment", "release"]),
                    when: .action(["created", "published"]),
                    run: "h",
                    lane: .repository
                )
            default:
                RouteSettings(
                    name: name,
                    events: .any,
                    when: .branch(Glob(pattern: "release/*").map { [.name($0)] } ?? []),
                    run: "h"
                )
            }
        }
    }
}

// MARK: - Decoding

extension RouteCommand {
    private struct Decoding: Encodable {
        var measurement = "decode"
        var recordings: Int
        var meanBytes: Double
        var usEach: Double
        var usPer10Kib: Double
    }

    private func measureDecoding(_ recorded: [RecordedBody]) throws {
        let bodies = recorded.filter { $0.payload.count > bodyBytes }
        let bytes = bodies.reduce(0) { $0 + $1.payload.count }
        guard !bodies.isEmpty else { return }
        var unread = 0
        let pace = Pace(seconds: seconds) { round in
            let body = bodies[round % bodies.count]
            // Only a payload that is no JSON throws, and these were decided before.
            guard let event = try? Event.decode(type: body.type, payload: body.payload),
                event.disagreement == nil
            else {
                unread += 1
                return
            }
        }
        guard unread == 0 else { throw BenchmarkError.notRouted("\(unread) recordings unread") }
        let mean = Double(bytes) / Double(bodies.count)
        try report(
            Decoding(
                recordings: bodies.count,
                meanBytes: rounded(mean),
                usEach: rounded(pace.microsecondsEach, digits: 2),
                usPer10Kib: rounded(pace.microsecondsEach / mean * 10_240, digits: 2)
            )
        )
    }
}

// MARK: - Memory

extension RouteCommand {
    private struct Memory: Encodable {
        var measurement = "memory"
        var body: String
        var megabytes: Double
        var milliseconds: Double
        var decidingMegabytes: Double
        var readingMegabytes: Double
        var verdict: String
    }

    /// Decides one large body, then asks for the paths that are looked at, or for its text.
    private func measureMemory(_ large: LargeBody) async throws {
        let waiting = try await waiting([large.body])
        let router = Router(routes: Self.conditions(routes))
        let clock = ContinuousClock()
        let before = try ResidentMemory.restart()
        var verdict = ""
        var time = clock.measure { verdict = router.decide(waiting[0]).verdict.rawValue }
        let decided = try ResidentMemory.peak() - before
        time += try clock.measure {
            let event = try Event.decode(type: large.body.type, payload: waiting[0].body)
            _ = try event.push?.changedPaths(atMost: 10_000, bytes: 1_000_000)
            _ = try event.comment?.body
        }
        let read = try ResidentMemory.peak() - before
        try report(
            Memory(
                body: large.name,
                megabytes: Self.megabytes(large.body.payload.count),
                milliseconds: rounded(time / .milliseconds(1)),
                decidingMegabytes: Self.megabytes(decided),
                readingMegabytes: Self.megabytes(read),
                verdict: verdict
            )
        )
    }

    private static func megabytes(_ bytes: Int) -> Double {
        rounded(Double(bytes) / 1_048_576)
    }
}
