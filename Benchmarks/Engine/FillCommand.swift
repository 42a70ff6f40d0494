import ArgumentParser
import Foundation

/// `fill`: makes a store with a backlog, for `drain --prefilled`.
struct FillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill",
        abstract: "Makes a new <dir>/queue.db with ready and finished jobs."
    )

    @OptionGroup var place: PlaceOption
    @OptionGroup var backlog: BacklogOptions

    @Option(help: "Finished jobs beside them.")
    var finished = 0

    @Flag(help: "Check the store's integrity afterwards.")
    var check = false

    func run() async throws {
        let file = StoreFile.site(in: place.dir)
        try await file.create()
        let took = try ContinuousClock().measure {
            try file.fill { database in
                if finished > 0 { try FinishedJobs(count: finished).insert(into: database) }
                try backlog.jobs.insert(into: database)
            }
        }
        if check { try file.check() }
        try report(
            Filled(
                measurement: "fill",
                ready: backlog.ready,
                finished: finished,
                seconds: rounded(took / .seconds(1)),
                mebibytes: rounded(try file.mebibytes)
            )
        )
    }

    private struct Filled: Encodable {
        var measurement: String
        var ready: Int
        var finished: Int
        var seconds: Double
        var mebibytes: Double
    }
}

/// Where a benchmark keeps its stores.
struct PlaceOption: ParsableArguments {
    @Option(help: "Folder for the stores: on the disk that is to be measured.")
    var dir: String
}

/// What waits in a store before it is drained.
struct BacklogOptions: ParsableArguments {
    @Option(name: .customLong("jobs"), help: "Ready jobs.")
    var ready = 200_000

    @Option(help: "Repositories they are spread over.")
    var groups = 50

    @Option(help: "Handlers they are spread over.")
    var handlers = 1

    @Option(help: "Size of each delivery's body.")
    var bodyBytes = 1024

    var jobs: ReadyJobs {
        ReadyJobs(count: ready, bodyBytes: bodyBytes, handlers: handlers, groups: groups)
    }

    func validate() throws {
        guard ready >= 0, groups >= 1, handlers >= 1, bodyBytes >= 0 else {
            throw ValidationError("--groups and --handlers are at least 1, the others at least 0")
        }
    }
}
