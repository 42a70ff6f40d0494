import ArgumentParser
import QueueCore
import Settings

/// A job's state on a command line.
enum StateArgument {
    /// Words that people have for states.
    private static let meanings: [String: JobState] = [
        "running": .leased, "active": .leased, "started": .leased, "waiting": .ready,
        "queued": .ready, "pending": .ready, "failed": .dead, "finished": .done,
        "succeeded": .done, "canceled": .cancelled,
    ]

    /// Reads a state's name.
    ///
    /// - Throws: a usage error that names the state that was meant, or all of them.
    static func parse(_ text: String) throws -> JobState {
        if let state = JobState(rawValue: text) { return state }
        let states = JobState.allCases.map(\.rawValue)
        let meant =
            meanings[text.lowercased()]?.rawValue ?? NearestWord.to(text, among: states)
        throw ValidationError(
            meant.map { "'\(VisibleText.line(text))' is not a state: say \($0)" }
                ?? "say one of \(states.joined(separator: ", "))"
        )
    }
}
