import ArgumentParser
import Program
import QueueCore
import Settings

/// `samovar resume`: ends a pause.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "End a pause; say the same words as to `samovar pause`.",
        discussion: """
            Each pause is ended on its own: --everything does not end that of a handler. Exit \
            code 2 when it was not paused.

            Examples:
              samovar resume --handler deploy
              samovar resume --everything
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var targetOptions: PauseTargetOptions

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, configuration in
                let target = targetOptions.target
                let wasPaused = try await store.resume(target)
                let others = try await store.pauses()
                guard wasPaused else { throw Self.notPaused(target, others) }
                configuration.ringDoorbell()
                if output.json {
                    try StandardOutput.write(
                        JSONOutput.object([
                            ("kind", .string(target.kind)), ("name", .string(target.name)),
                            ("still_paused", .array(others.map(\.json))),
                        ])
                    )
                } else {
                    try StandardOutput.write("resumed \(target.shown)\n")
                }
                if !others.isEmpty { StandardError.note("still paused: \(Self.list(others))") }
            }
        }
    }

    /// Says what is paused instead.
    static func notPaused(_ target: PauseTarget, _ others: [Pause]) -> Failure {
        Failure(
            .notFound,
            "\(target.shown) is not paused",
            hint: others.isEmpty ? "Nothing is paused." : "Paused: \(list(others))."
        )
    }

    private static func list(_ pauses: [Pause]) -> String {
        pauses.map(\.target.shown).joined(separator: ", ")
    }
}
