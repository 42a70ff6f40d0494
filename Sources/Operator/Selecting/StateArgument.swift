import ArgumentParser
import QueueCore
import Settings

/// A job's state on a command line.
struct StateArgument: Equatable, Sendable {
    var state: JobState
    /// Whether discarded jobs are meant, which are cancelled ones that were dead.
    var isDiscarded = false

    /// All that can be said.
    static let names = JobState.allCases.map(\.rawValue) + [discarded]

    /// The word for cancelled jobs that were dead.
    static let discarded = "discarded"

    /// Words that people have for states.
    private static let meanings: [String: JobState] = [
        "running": .leased, "active": .leased, "started": .leased, "waiting": .ready,
        "queued": .ready, "pending": .ready, "failed": .dead, "finished": .done,
        "succeeded": .done, "canceled": .cancelled,
    ]

    /// How it is said.
    var name: String { isDiscarded ? Self.discarded : state.rawValue }

    /// Reads a state's name.
    ///
    /// - Throws: a usage error that names the state that was meant, or all of them.
    static func parse(_ text: String) throws -> StateArgument {
        if let state = JobState(rawValue: text) { return StateArgument(state: state) }
        if text == discarded { return StateArgument(state: .cancelled, isDiscarded: true) }
        let meant = meanings[text.lowercased()]?.rawValue ?? NearestWord.to(text, among: names)
        throw ValidationError(
            meant.map { "'\(VisibleText.line(text))' is not a state: say \($0)" }
                ?? "say one of \(names.joined(separator: ", "))"
        )
    }
}
