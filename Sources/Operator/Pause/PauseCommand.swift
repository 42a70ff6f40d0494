import ArgumentParser
import Program
import QueueCore

/// `samovar pause`: keeps jobs from being started.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Keep the jobs of a handler, of a route, or all jobs from being started.",
        usage: """
            samovar pause --handler <name> | --route <name> | --lane <key> | --everything \
            [--reason <text>]
            samovar pause list
            """,
        discussion: """
            Deliveries are accepted and routed all the same; their jobs wait. Jobs that run now go \
            on to their end. A pause is stored: it holds for all workers, and after a restart, \
            until `samovar resume` with the same words.

            Examples:
              samovar pause --handler deploy --reason 'cluster is being upgraded'
              samovar pause --route nightly
              samovar pause --everything
              samovar pause list
            """,
        subcommands: [PauseStartCommand.self, PauseListCommand.self],
        defaultSubcommand: PauseStartCommand.self
    )

    @OptionGroup var configurationOption: ConfigurationOption
}

/// `samovar pause start`, which may be left out.
struct PauseStartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Pause a handler, a route, or everything; the word may be left out.",
        discussion: """
            Exit code 2 when the configuration has no such handler or route, or the store never \
            had a job in that lane.

            Examples:
              samovar pause --handler deploy --reason 'cluster is being upgraded'
              samovar pause --everything
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var targetOptions: PauseTargetOptions

    @Option(help: ArgumentHelp("Why, for whoever asks later.", valueName: "text"))
    var reason: String?

    @Flag(help: "Also pause a name that the configuration, or a lane the store, does not have.")
    var force = false

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, configuration in
                let target = targetOptions.target
                if !force {
                    if let mistake = target.mistake(in: configuration) { throw mistake }
                    if let mistake = try await target.mistake(in: store) { throw mistake }
                }
                let isNew = try await store.pause(target, reason: reason)
                guard let pause = try await store.pauses().first(where: { $0.target == target })
                else { throw Failure(.findings, "\(target.shown) was resumed just now") }
                if output.json {
                    try StandardOutput.write(
                        JSONOutput.object(pause.json.adding("new", .boolean(isNew)))
                    )
                } else if isNew {
                    let text = Self.text(target, try await PausedJobs(target, in: store))
                    try StandardOutput.write(text)
                } else {
                    let why = pause.reason.map { " (\(VisibleText.line($0)))" } ?? ""
                    let since = LocalTime.now.short(pause.since)
                    StandardError.note("\(target.shown) is paused already, since \(since)\(why)")
                }
            }
        }
    }

    /// What was done, what it means now, and how to undo it.
    static func text(_ target: PauseTarget, _ jobs: PausedJobs) -> String {
        let wait = "\(Quantity.count(jobs.ready, "job")) \(jobs.ready == 1 ? "waits" : "wait")"
        let run =
            jobs.leased == 0
            ? "" : ", \(jobs.leased) that \(jobs.leased == 1 ? "runs goes" : "run go") on"
        return "paused \(target.shown): \(wait)\(run)\nresume: samovar resume \(target.option)\n"
    }
}

/// How many jobs a pause concerns.
struct PausedJobs: Equatable, Sendable {
    var ready: Int
    var leased: Int
}

extension PausedJobs {
    /// Counts them.
    init(_ target: PauseTarget, in store: SQLiteStore) async throws {
        func count(_ state: JobState) async throws -> Int {
            var selection = target.selection
            selection.state = state
            let counts = try await store.records(.jobCounts(selection))
            return counts.compactMap { $0.integer("jobs") }.reduce(0) { $0 + Int($1) }
        }
        self.init(ready: try await count(.ready), leased: try await count(.leased))
    }
}
