import ArgumentParser
import Program
import QueueCore

/// `samovar dead requeue`.
struct DeadRequeueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue",
        abstract: "Give dead jobs a new budget of attempts.",
        discussion: """
            Exit code 2 when none of the jobs is dead.

            Examples:
              samovar dead requeue 5 6
              samovar dead requeue --all
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(help: "Ids of dead jobs.")
    var jobs: [JobArgument] = []

    @Flag(help: "All that are dead now.")
    var all = false

    func validate() throws {
        guard all != !jobs.isEmpty else {
            throw ValidationError("Name jobs, or say --all; `samovar dead list` shows them.")
        }
    }

    func run() async throws {
        try await reporting {
            try await configurationOption.withStore { store, configuration in
                let asked = all ? try await dead(in: store) : unique(jobs.map(\.id))
                let requeued = try await requeue(asked, store)
                if !requeued.isEmpty { configuration.ringDoorbell() }
                try report(requeued)
                if all { return }
                let refused = asked.filter { !requeued.contains($0) }
                for job in refused {
                    let record = try await store.records(.job(job)).first
                    StandardError.note(Self.refusal(job, record))
                }
                if requeued.isEmpty { throw ExitStatus.notFound.code }
            }
        }
    }

    /// One note for a job that is not dead.
    static func refusal(_ job: JobID, _ record: Record?) -> String {
        guard let record else { return "there is no job \(job)" }
        return "job \(job) is \(record.text("state")), not dead"
    }

    private func report(_ requeued: [JobID]) throws {
        if output.json {
            let values = requeued.map { JSONValue.object([("id", .integer($0.rawValue))]) }
            try StandardOutput.write(JSONOutput.list(values))
        } else if !requeued.isEmpty {
            let ids = requeued.map(\.description).joined(separator: ", ")
            let count = Quantity.count(requeued.count, "job")
            try StandardOutput.write("requeued \(count): \(ids)\n")
        } else if all {
            StandardError.note("no dead jobs")
        }
    }

    /// All at this moment: what dies again meanwhile is not requeued forever.
    private func dead(in store: SQLiteStore) async throws -> [JobID] {
        try await store.records(.deadLetters(limit: .max))
            .compactMap { $0.integer("id").map(JobID.init(rawValue:)) }
            .sorted()
    }

    /// In batches, so that the ingress never waits long for the write lock.
    private func requeue(_ jobs: [JobID], _ store: SQLiteStore) async throws -> [JobID] {
        var requeued: [JobID] = []
        for start in stride(from: 0, to: jobs.count, by: Self.batch) {
            let batch = Array(jobs[start..<min(start + Self.batch, jobs.count)])
            requeued += try await store.requeue(batch)
        }
        return requeued
    }

    private static let batch = 500

    private func unique(_ jobs: [JobID]) -> [JobID] {
        var seen: Set<JobID> = []
        return jobs.filter { seen.insert($0).inserted }
    }
}
