import ArgumentParser
import Foundation
import Program
import QueueCore
import Settings

/// `samovar lease verify`.
struct LeaseVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Exit with 0 while an attempt still counts, with 1 when it does not.",
        discussion: """
            For handlers, right before they do what must not be done twice: an attempt whose lease \
            was lost has been, or will be, started once more. In a handler the token may be left \
            out: it is in $SAMOVAR_TOKEN; and $SAMOVAR_STORE, which is set there, must name the \
            store that is asked.

            Examples:
              samovar lease verify "$SAMOVAR_TOKEN" || exit 75
              samovar lease verify 5.2 --verbose
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(
        help: "The attempt's token, JOB.ATTEMPT; without it, $SAMOVAR_TOKEN.",
        transform: Self.token
    )
    var token: AttemptToken?

    @Flag(name: .shortAndLong, help: "Also say that it counts, and for how long.")
    var verbose = false

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let token = try token ?? Self.ownToken(environment)
        try await reporting {
            try await configurationOption.withQueue(warns: false) { store, configuration in
                let folder = configuration.stateFolder
                let verdict = LeaseVerdict(
                    token: token,
                    uuid: try await store.uuid(),
                    expectedUUID: environment["SAMOVAR_STORE"].flatMap { $0.isEmpty ? nil : $0 },
                    check: try await store.check(token) {
                        !WorkerLock.isHeld(stateFolder: folder, worker: $0)
                    }
                )
                if output.json {
                    try StandardOutput.write(JSONOutput.object(verdict.json))
                } else if verdict.isHeld, verbose {
                    try StandardOutput.write("\(verdict.text)\n")
                } else if !verdict.isHeld {
                    StandardError.note(verdict.text)
                }
                if !verdict.isHeld { throw ExitStatus.findings.code }
            }
        }
    }

    private static func token(_ text: String) throws -> AttemptToken {
        guard let token = AttemptToken(text) else {
            throw ValidationError("a token is JOB.ATTEMPT, as in SAMOVAR_TOKEN: 5.2")
        }
        return token
    }

    private static func ownToken(_ environment: [String: String]) throws -> AttemptToken {
        guard let text = environment["SAMOVAR_TOKEN"], !text.isEmpty else {
            throw ValidationError("Give a token: SAMOVAR_TOKEN is not set here.")
        }
        return try token(text)
    }
}

/// Whether an attempt still counts, in the right store.
struct LeaseVerdict {
    let token: AttemptToken
    /// The store that was asked.
    let uuid: String
    /// The store that the attempt belongs to; nil when nobody says.
    let expectedUUID: String?
    let check: LeaseCheck

    private var isRightStore: Bool { expectedUUID.map { $0 == uuid } ?? true }

    /// Whether the attempt still counts.
    var isHeld: Bool {
        guard isRightStore, case .held = check else { return false }
        return true
    }

    /// One line.
    var text: String {
        guard isRightStore else {
            return "attempt \(token) is one of store \(VisibleText.line(expectedUUID ?? "")) "
                + "(SAMOVAR_STORE), and this is store \(uuid): give the right --config"
        }
        switch check {
        case .held(let left?):
            return "attempt \(token) counts, its lease has \(Quantity.text(left))"
        case .held(nil): return "attempt \(token) counts, its worker lives"
        case .lost(let loss): return "attempt \(token) does not count: \(Self.text(loss))"
        }
    }

    private static func text(_ loss: LeaseLoss) -> String {
        switch loss {
        case .noSuchJob: "there is no such attempt"
        case .ended(let state): "it has ended, its job is \(state.rawValue)"
        case .superseded(let attempt): "attempt \(attempt) has begun"
        case .ranOut: "its lease ran out, and a worker will take the job over"
        case .takenOver: "another worker has taken its job over"
        case .earlierBoot: "the machine was started again since"
        }
    }

    /// One object.
    var json: JSONValue {
        let left: JSONValue =
            if isHeld, case .held(let left?) = check { .real(left.seconds) } else { .null }
        return .object([
            ("token", .string(token.description)), ("counts", .boolean(isHeld)),
            ("reason", .optional(isHeld ? nil : text)), ("lease_left_seconds", left),
        ])
    }
}
