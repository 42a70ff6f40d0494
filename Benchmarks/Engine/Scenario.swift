import ArgumentParser
import Foundation
import QueueCore

/// What a store may be full of, which must not make a claim cost more.
enum Scenario: String, CaseIterable, ExpressibleByArgument {
    /// Nothing: an empty store beside another says how far two measurements differ by chance.
    case empty
    /// Millions of jobs that ended.
    case finished
    /// Many jobs behind one that holds their lane, in the repository that is claimed from.
    case heldLane = "held-lane"
    /// Many ready jobs of one repository.
    case oneGroup = "one-group"
    /// Many repositories with one ready job each.
    case manyGroups = "many-groups"
    /// Many repositories whose only job is due in an hour.
    case notDue = "not-due"

    /// Whether what fills the store is also what is claimed; otherwise as many due jobs as a worker
    /// has slots are beside it.
    var isClaimed: Bool {
        switch self {
        case .oneGroup, .manyGroups: true
        case .empty, .finished, .heldLane, .notDue: false
        }
    }

    /// Fills an empty store.
    func fill(_ file: StoreFile, _ sizes: ScenarioSizes) async throws {
        switch self {
        case .empty:
            break
        case .finished:
            try file.fill { try FinishedJobs(count: sizes.finished).insert(into: $0) }
        case .heldLane:
            try file.fill {
                let jobs = ReadyJobs(count: sizes.behind, repo: "bench/due", lane: "bench/lane")
                try jobs.insert(into: $0)
            }
            try await Self.hold(file)
        case .oneGroup:
            try file.fill { try ReadyJobs(count: sizes.ready).insert(into: $0) }
        case .manyGroups:
            try file.fill {
                try ReadyJobs(count: sizes.groups, groups: sizes.groups).insert(into: $0)
            }
        case .notDue:
            let hour = Duration.seconds(3600)
            try file.fill {
                let jobs = ReadyJobs(count: sizes.groups, groups: sizes.groups, delay: hour)
                try jobs.insert(into: $0)
            }
        }
    }

    /// Leases the head of the lane, to a worker that keeps it.
    private static func hold(_ file: StoreFile) async throws {
        let store = try SQLiteStore(path: file.path, mayCreate: false)
        let holder = WorkerID.fresh()
        try await store.register(worker: holder)
        let request = ClaimRequest(slots: 8, handlers: 1)
        let claimed = try await store.exchange([], for: request, worker: holder).claimed
        guard claimed.count == 1 else {
            throw BenchmarkError.claimedTooFew(claimed.count, of: 1)
        }
        try await store.close()
    }

    /// Where the jobs are that are due beside what fills the store.
    static let dueRepo = "bench/due-0"
}

/// How many of each.
struct ScenarioSizes: ParsableArguments {
    @Option(help: "Finished jobs, with their deliveries and attempts.")
    var finished = 10_000_000

    @Option(help: "Jobs behind one held lane.")
    var behind = 100_000

    @Option(help: "Ready jobs in one group.")
    var ready = 1_000_000

    @Option(help: "Groups with one job each.")
    var groups = 5000

    func validate() throws {
        guard finished >= 0, behind >= 1, ready >= 64, groups >= 64 else {
            throw ValidationError("--ready and --groups are at least 64, --behind at least 1")
        }
    }
}
