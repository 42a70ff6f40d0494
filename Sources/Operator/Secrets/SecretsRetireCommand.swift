import ArgumentParser
import Program
import QueueCore
import Settings

/// `samovar secrets retire`.
struct SecretsRetireCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "Take a secret out of the configuration that nothing is signed with any more.",
        discussion: """
            Refused (exit code 1) for the only secret of a source, and for one that verified a \
            delivery within the last days, unless --force is given: what is signed with it is \
            answered 401 from the next SIGHUP on. Its file stays; the answer says how to delete it.

            Examples:
              samovar secrets retire 2026-05
              samovar secrets retire 2026-05 --source forge --days 30
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var sourceOption: SourceOption

    @Argument(help: ArgumentHelp("The secret's name.", valueName: "id"))
    var id: String

    @Option(help: ArgumentHelp("It is in use when used so lately.", valueName: "count"))
    var days = SecretUses.daysUsual

    @Flag(help: "Retire it although something was signed with it lately.")
    var force = false

    func validate() throws {
        guard (0...36_500).contains(days) else { throw ValidationError("--days is 0 to 36500.") }
    }

    func run() async throws {
        try await reporting {
            let configuration = try configurationOption.load(secrets: .webhook)
            let source = try sourceOption.find(in: configuration.ingress)
            let call = SecretsCall(configurationOption, source, of: configuration)
            guard let index = source.secrets.firstIndex(where: { $0.id == id }) else {
                throw Failure(
                    .notFound,
                    "source '\(source.name)' has no secret '\(VisibleText.line(id))'",
                    hint: "It has: \(source.secrets.map(\.id).joined(separator: ", "))."
                )
            }
            guard source.secrets.count > 1 else {
                throw Failure(
                    .findings,
                    "'\(id)' is the only secret of source '\(source.name)'",
                    hint: "Make a new one first: \(call.text("rotate"))"
                )
            }
            if !force { try await refuseIfUsed(source, configuration) }
            try ConfigurationEdit(of: configuration).remove(at: index, from: source)
            let secret = source.secrets[index]
            let users = SecretFileUsers(of: secret, in: source, configuration)
            try StandardOutput.write(
                """
                retired   '\(id)' of source '\(source.name)' in \(configuration.file)

                Next:
                  1  have the ingress read it: systemctl reload samovar-ingress (SIGHUP)
                  2  \(Self.advice(secret.file, users))

                """
            )
        }
    }

    /// What to do with the file: deleted under somebody else, the ingress would not start.
    private static func advice(_ file: String, _ users: SecretFileUsers) -> String {
        users.names.isEmpty
            ? "delete the secret: rm \(ShellText.quoted(file))"
            : "keep \(file): still used by \(users.names.joined(separator: ", "))"
    }

    private func refuseIfUsed(
        _ source: SourceSettings,
        _ configuration: Configuration
    ) async throws {
        let uses = try await configuration.withStore { store in
            try await SecretUses(
                of: configuration.ingress,
                in: store,
                newest: SecretUses.newestUsual
            )
        }
        let use = uses.uses.first { $0.source == source.name && $0.id == id }
        guard let last = use?.lastAt,
            Clocks.system.now() - last <= .seconds(days * 86_400)
        else { return }
        throw Failure(
            .findings,
            "'\(id)' verified a delivery at \(LocalTime.now.short(last)): some hook still has it",
            hint: "Give that hook the new secret; --force retires it all the same."
        )
    }
}
