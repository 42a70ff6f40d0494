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
        let ways = [!jobs.isEmpty, !filter.isEmpty, isAll].count { $0 }
        guard ways == 1 else {
            throw ValidationError(
                ways == 0
                    ? "Name jobs\(allHint), or give a filter such as --handler ci --since 2h."
                    : "Name jobs, or\(allHint.isEmpty ? "" : " say --all, or") give a filter: "
                        + "not several of these."
            )
        }
        if let state = filter.state, !wish.states.contains(state) {
            let states = wish.states.map(\.rawValue).joined(separator: " or ")
            throw ValidationError("--state can only be \(states) here.")
        }
    }

    /// The selections that a filter means for a wish, its ages counted from `now`: one for each
    /// state.
    func selections(_ wish: JobWish, now: Timestamp) -> [Selection] {
        states(wish).map { state in
            var selection = filter.selection(now: now)
            selection.state = state
            return selection
        }
    }

    /// The states of jobs that a wish may change here.
    func states(_ wish: JobWish) -> [JobState] {
        wish.states.filter { filter.state == nil || filter.state == $0 }
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
