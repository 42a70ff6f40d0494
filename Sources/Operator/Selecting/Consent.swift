import Foundation
import Program

/// Asks before a filter changes many things.
struct Consent {
    /// What to do about a filter's matches.
    enum Course: Equatable {
        case proceed
        case ask
        /// Nobody is there to be asked.
        case refuse
    }

    /// Whether somebody said yes in advance.
    var isAssumed: Bool

    /// Whether a person reads and writes here.
    var isOnTerminal: Bool

    /// How to go on with that many matches.
    ///
    /// Without a terminal the number does not matter: a script must not work today and be refused
    /// tomorrow.
    func course(count: Int) -> Course {
        if isAssumed { return .proceed }
        guard isOnTerminal else { return .refuse }
        return count > 1 ? .ask : .proceed
    }

    /// Returns when it is fine to go on.
    ///
    /// - Parameters:
    ///   - count: how many things match.
    ///   - question: `Replay 412 deliveries?`
    /// - Throws: `.usage` where nobody can be asked; `.findings` when the answer is not yes.
    func require(count: Int, _ question: String) throws(Failure) {
        switch course(count: count) {
        case .proceed: return
        case .refuse:
            throw Failure(
                .usage,
                "a filter changes many things at once, and there is no terminal to ask on; "
                    + "nothing was changed",
                hint: "Look with --dry-run, then say --yes."
            )
        case .ask:
            StandardError.write("\(question) [y/N] ")
            guard Self.isYes(readLine() ?? "") else {
                throw Failure(.findings, "nothing was changed")
            }
        }
    }

    /// Whether an answer means yes.
    static func isYes(_ answer: String) -> Bool {
        ["y", "yes"].contains(answer.trimmingCharacters(in: .whitespaces).lowercased())
    }
}

extension CautionOptions {
    /// Asking as this process can; a command that scripts may use without `--yes` is not refused.
    func consent(mayProceedUnasked: Bool = false) -> Consent {
        let isOnTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
        return Consent(
            isAssumed: yes || mayProceedUnasked && !isOnTerminal,
            isOnTerminal: isOnTerminal
        )
    }
}
