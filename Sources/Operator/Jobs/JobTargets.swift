import ArgumentParser
import Program
import QueueCore

/// The jobs that a command is about: ids, or a filter.
struct JobTargets: ParsableArguments {
    @Argument(help: "Ids of jobs; or choose them with the options of a filter.")
    var jobs: [JobArgument] = []

    @OptionGroup(title: "Filter (all that are given must fit)") var filter: FilterOptions
    @OptionGroup var caution: CautionOptions

    /// Refuses what cannot be meant.
    ///
    /// - Parameters:
    ///   - wish: what is to be done with the jobs.
    ///   - isAll: whether `--all` was said, for commands that have it.
    ///   - allHint: how to say that, for the message.
    /// - Throws: a usage error.
    func check(_ wish: JobWish, isAll: Bool = false, allHint: String = "") throws {
        let isChosen = !filter.isEmpty || isAll
        guard jobs.isEmpty == isChosen else {
            throw ValidationError(
                !isChosen
                    ? "Name jobs\(allHint), or give a filter such as --handler ci --since 2h."
                    : "Name jobs, or\(allHint.isEmpty ? "" : " say --all, or") give a filter: "
                        + "not both."
            )
        }
        if let state = filter.state, !wish.stateNames.contains(state.name) {
            let states = wish.stateNames.joined(separator: " or ")
            throw ValidationError("--state can only be \(states) here.")
        }
    }

    /// The selections that a filter means for a wish, its ages counted from `now`: one for each
    /// state.
    ///
    /// What a later job has replaced is requeued only with `--all`, because it would run twice.
    func selections(_ wish: JobWish, isAll: Bool, now: Timestamp) -> [Selection] {
        states(wish).map { state in
            var selection = filter.selection(now: now)
            selection.state = state
            selection.onlyDiscarded = wish == .undiscard
            selection.onlyNewest = wish == .requeue && !isAll
            return selection
        }
    }

    /// The states of jobs that a wish may change here.
    func states(_ wish: JobWish) -> [JobState] {
        wish.states.filter { filter.state == nil || filter.state?.state == $0 }
    }

    /// The jobs that were named, each once.
    ///
    /// - Throws: `.notFound` when one does not exist: then nothing is done with the others either.
    func named(in store: SQLiteStore) async throws -> [(job: JobID, record: Record)] {
        var seen: Set<JobID> = []
        var found: [(job: JobID, record: Record)] = []
        for argument in jobs where seen.insert(argument.id).inserted {
            found.append((argument.id, try await argument.record(in: store)))
        }
        return found
    }
}
