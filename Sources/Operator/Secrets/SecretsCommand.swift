import ArgumentParser
import Program
import Settings

/// `samovar secrets`: replaces what deliveries are signed with, without losing one.
struct SecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets",
        abstract: "Replace the secrets that deliveries are signed with, without losing one.",
        discussion: """
            Several secrets may be active at once: `rotate` adds a new one, Gitea's hooks get it one \
            after the other, and `retire` takes the old one out when `list` shows that nothing is \
            signed with it any more. A secret is never printed unless --show asks for it.

            Examples:
              samovar secrets list
              samovar secrets rotate
              samovar secrets rotate --source forge
              samovar secrets retire 2026-05
            """,
        subcommands: [
            SecretsListCommand.self, SecretsRotateCommand.self, SecretsRetireCommand.self,
        ]
    )

    @OptionGroup var configurationOption: ConfigurationOption
}

/// Whose secrets are meant.
struct SourceOption: ParsableArguments {
    @Option(help: ArgumentHelp("A source; needed when there are several.", valueName: "name"))
    var source: String?

    /// - Throws: `.notFound` when there is no such source, `.usage` when there are several.
    func find(in ingress: IngressSettings) throws(Failure) -> SourceSettings {
        let names = ingress.sources.map(\.name)
        guard let source else {
            guard ingress.sources.count == 1, let only = ingress.sources.first else {
                throw Failure(
                    .usage,
                    "there are several sources",
                    hint: "Name one with --source: \(names.joined(separator: ", "))."
                )
            }
            return only
        }
        return try ingress.source(named: source)
    }
}

extension IngressSettings {
    /// The source of a name.
    ///
    /// - Throws: `.notFound` when there is none.
    func source(named name: String) throws(Failure) -> SourceSettings {
        guard let found = sources.first(where: { $0.name == name }) else {
            throw Failure(
                .notFound,
                "there is no source '\(VisibleText.line(name))'",
                hint: "There is: \(sources.map(\.name).joined(separator: ", "))."
            )
        }
        return found
    }
}
