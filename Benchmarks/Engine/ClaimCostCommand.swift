import ArgumentParser
import Foundation
import QueueCore

/// `claim-cost`: what claim and completion cost in a full store, against an empty one.
struct ClaimCostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claim-cost",
        abstract: "Compares claim and completion in a full store with an empty one.",
        discussion: """
            One worker ends the jobs it has and claims as many, in one commit; what it took is put
            back before the next, untimed. Two stores, the full one and an empty one, are measured
            in turn, a few exchanges each, so that both see the same machine.
            """
    )

    @OptionGroup var place: PlaceOption
    @OptionGroup var sizes: ScenarioSizes

    @Option(
        help:
            "Scenarios, with commas: \(Scenario.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var only = Scenario.allCases.map(\.rawValue).joined(separator: ",")

    @Option(help: "Jobs per exchange, with commas.")
    var slots = "1,8"

    @Option(help: "Exchanges to measure in each store, at most.")
    var exchanges = 2000

    @Option(help: "Seconds for each measurement, at most.")
    var seconds = 15

    @Flag(help: "Keep the store with finished jobs, and use one that was kept.")
    var keep = false

    @Flag(help: "Check the full store's integrity afterwards.")
    var check = false

    private func scenarios() throws -> [Scenario] {
        try only.split(separator: ",").map { name in
            guard let scenario = Scenario(rawValue: String(name)) else {
                throw ValidationError("--only: no scenario is called '\(name)'")
            }
            return scenario
        }
    }

    private func slotCounts() throws -> [Int] {
        try slots.split(separator: ",").map { text in
            guard let count = Int(text), 1...64 ~= count else {
                throw ValidationError("--slots: '\(text)' is not a number from 1 to 64")
            }
            return count
        }
    }

    func validate() throws {
        _ = try (scenarios(), slotCounts())
        guard exchanges >= 1, 1...3600 ~= seconds else {
            throw ValidationError("--exchanges is at least 1, --seconds 1 to 3600")
        }
    }

    func run() async throws {
        for scenario in try scenarios() {
            let full = StoreFile.own("full", in: place.dir)
            let began = ContinuousClock.now
            let kept = KeptStore(folder: place.dir, jobs: sizes.finished)
            if scenario == .finished, keep, try await kept.take(as: full) {
                // Filled by an earlier run.
            } else {
                try full.remove()
                try await full.create()
                try await scenario.fill(full, sizes)
            }
            let filling = (ContinuousClock.now - began) / .seconds(1)
            for slots in try slotCounts() {
                try await measure(scenario, slots: slots, in: full, filling: filling)
            }
            if check { try full.check() }
            if scenario == .finished, keep { try kept.put(full) } else { try full.remove() }
        }
    }

    private func measure(
        _ scenario: Scenario,
        slots: Int,
        in full: StoreFile,
        filling: Double
    ) async throws {
        let empty = StoreFile.own("empty", in: place.dir)
        try empty.remove()
        try await empty.create()
        var pair = try await Pair(scenario: scenario, full: full, empty: empty, slots: slots)
        try await pair.measure(exchanges: exchanges, atMost: .seconds(seconds))
        let (fullWorker, emptyWorker) = try await pair.finish()
        try report(
            Figures(
                scenario: scenario,
                size: sizes.size(of: scenario),
                full: fullWorker,
                empty: emptyWorker,
                fillSeconds: rounded(filling),
                mebibytes: rounded(try full.mebibytes)
            )
        )
        try empty.remove()
    }

    private struct Figures: Encodable {
        var measurement = "claim-cost"
        var scenario: String
        var size: Int
        var slots: Int
        var exchanges: Int
        var p50Us: Double
        var p99Us: Double
        var settlingUs: Double
        var settlingExchanges: Int
        var emptyP50Us: Double
        var emptyP99Us: Double
        var ratioP50: Double
        var ratioP99: Double
        var fillSeconds: Double
        var mebibytes: Double

        init(
            scenario: Scenario,
            size: Int,
            full: SteadyWorker,
            empty: SteadyWorker,
            fillSeconds: Double,
            mebibytes: Double
        ) {
            let (p50, p99) = (full.samples.quantile(0.5), full.samples.quantile(0.99))
            let (emptyP50, emptyP99) = (empty.samples.quantile(0.5), empty.samples.quantile(0.99))
            self.scenario = scenario.rawValue
            self.size = size
            slots = full.slots
            exchanges = full.samples.count
            p50Us = rounded(p50)
            p99Us = rounded(p99)
            settlingUs = rounded(full.settling.time / .microseconds(1))
            settlingExchanges = full.settling.exchanges
            emptyP50Us = rounded(emptyP50)
            emptyP99Us = rounded(emptyP99)
            ratioP50 = rounded(p50 / emptyP50, digits: 3)
            ratioP99 = rounded(p99 / emptyP99, digits: 3)
            self.fillSeconds = fillSeconds
            self.mebibytes = mebibytes
        }
    }
}

extension ScenarioSizes {
    func size(of scenario: Scenario) -> Int {
        switch scenario {
        case .empty: 0
        case .finished: finished
        case .heldLane: behind
        case .oneGroup: ready
        case .manyGroups, .notDue: groups
        }
    }
}
