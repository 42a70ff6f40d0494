import ArgumentParser
import Foundation

/// `drain`: how fast workers get through a backlog when handlers cost nothing.
struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Drains a backlog with worker processes whose handlers do nothing.",
        discussion: """
            Each worker claims up to --slots jobs in one commit, and with the next one writes that
            they are done and claims again. Every commit is on disk when it returns.
            """
    )

    @OptionGroup var place: PlaceOption
    @OptionGroup var backlog: BacklogOptions

    @Option(help: "Worker processes.")
    var workers = 1

    @Option(help: "Jobs a worker claims in one commit, at most.")
    var slots = 64

    @Option(help: "Stop after this many seconds, whatever is left.")
    var seconds = 300

    @Flag(help: "Drain <dir>/queue.db, as fill made it, and leave it there.")
    var prefilled = false

    @Flag(help: "Check the store's integrity afterwards.")
    var check = false

    func validate() throws {
        guard 1...64 ~= workers, 1...10_000 ~= slots, 1...3600 ~= seconds else {
            throw ValidationError("--workers 1 to 64, --slots 1 to 10000, --seconds 1 to 3600")
        }
    }

    func run() async throws {
        let file =
            prefilled ? StoreFile.site(in: place.dir) : StoreFile.own("drain", in: place.dir)
        if prefilled {
            guard file.exists else { throw BenchmarkError.noStore(file.path) }
        } else {
            try file.remove()
            try await file.create()
            try file.fill { database in try backlog.jobs.insert(into: database) }
        }
        let before = try file.count("job WHERE state = 'done'")
        let options = [
            "--store", file.path, "--slots", String(slots), "--seconds", String(seconds),
            "--handlers", String(backlog.handlers),
        ]
        let crew = try Crew(size: workers, options: options)
        let tally = try crew.work()
        let done = try file.count("job WHERE state = 'done'") - before
        guard done == tally.jobs else {
            throw BenchmarkError.lostCount(done: done, counted: tally.jobs)
        }
        if check { try file.check() }
        try report(figures(tally, left: try file.count("job WHERE state = 'ready'")))
        if !prefilled { try file.remove() }
    }

    private func figures(_ tally: Tally, left: Int) -> Figures {
        // The last second is not whole: the workers end in it.
        let whole = tally.perSecond.dropLast().sorted()
        return Figures(
            measurement: "drain",
            workers: workers,
            slots: slots,
            groups: backlog.groups,
            handlers: backlog.handlers,
            bodyBytes: backlog.bodyBytes,
            jobs: tally.jobs,
            left: left,
            seconds: rounded(tally.seconds, digits: 2),
            jobsPerSecond: rounded(Double(tally.jobs) / tally.seconds, digits: 0),
            commits: tally.exchanges.count,
            commitP50Us: rounded(tally.exchanges.quantile(0.5)),
            commitP99Us: rounded(tally.exchanges.quantile(0.99)),
            slowestSecond: whole.first,
            medianSecond: whole.isEmpty ? nil : whole[whole.count / 2],
            fastestSecond: whole.last,
            perSecond: tally.perSecond
        )
    }

    private struct Figures: Encodable {
        var measurement: String
        var workers: Int
        var slots: Int
        var groups: Int
        var handlers: Int
        var bodyBytes: Int
        var jobs: Int
        var left: Int
        var seconds: Double
        var jobsPerSecond: Double
        var commits: Int
        var commitP50Us: Double
        var commitP99Us: Double
        /// Jobs in one second; absent when no whole second was measured.
        var slowestSecond: Int?
        var medianSecond: Int?
        var fastestSecond: Int?
        var perSecond: [Int]
    }
}
