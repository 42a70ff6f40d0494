import ArgumentParser
import Foundation
import Gitea
import Program
import QueueCore
import Settings

/// `samovar secrets rotate`.
struct SecretsRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Make a new secret and put it before the old one, which stays active.",
        discussion: """
            The new secret's file lies beside the old one's, with the same owner and mode; the \
            configuration keeps its comments and its form. Nothing changes before the ingress reads \
            it (SIGHUP), and no delivery is refused at any time. Says what to do next.

            Examples:
              samovar secrets rotate
              samovar secrets rotate --source forge --id 2026-11
              samovar secrets rotate --show
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var sourceOption: SourceOption

    @Option(help: ArgumentHelp("The new secret's name; otherwise the date.", valueName: "id"))
    var id: String?

    @Flag(help: "Print the new secret as well.")
    var show = false

    func run() async throws {
        try await reporting {
            let configuration = try configurationOption.load(secrets: .webhook)
            let source = try sourceOption.find(in: configuration.ingress)
            guard let old = source.secrets.first else {
                preconditionFailure("a configuration without a secret is refused")
            }
            let id = try newID(beside: source.secrets.map(\.id))
            let edit = try ConfigurationEdit(of: configuration)
            let file = Self.file(of: id, of: source, beside: old.file)
            let secret = try RandomBytes.hex(count: 32)
            try SecretTwin(of: old.file, at: file).write(secret)
            do {
                try edit.add(id: id, file: file, to: source)
            } catch {
                unlinkForgotten(file)
                throw error
            }
            if output.json {
                try StandardOutput.write(JSONOutput.object(json(id, file, source, secret)))
            } else {
                let call = SecretsCall(configurationOption, source, of: configuration)
                try StandardOutput.write(
                    """
                    made      \(file)
                    entered   as the first secret of source '\(source.name)' in \
                    \(configuration.file)
                    \(show ? "secret    \(secret)\n" : "")
                    \(Self.next(file, old: old.id, call))
                    """
                )
            }
        }
    }

    private func newID(beside ids: [String]) throws -> String {
        if let id {
            guard !ids.contains(id) else {
                throw Failure(.findings, "there is a secret '\(VisibleText.line(id))' already")
            }
            return id
        }
        let day = String(Clocks.system.now().rfc3339.prefix(10))
        let names = [day] + (2...100).map { "\(day)-\($0)" }
        guard let name = names.first(where: { !ids.contains($0) }) else {
            throw Failure(
                .findings,
                "there are a hundred secrets of today: give it a name with --id"
            )
        }
        return name
    }

    private static func file(
        of id: String,
        of source: SourceSettings,
        beside old: String
    ) -> String {
        let folder = (old as NSString).deletingLastPathComponent
        let name = source.name == "default" ? "webhook" : source.name
        return "\(folder == "/" ? "" : folder)/\(name)-\(id).secret"
    }

    /// The configuration does not name it: it would only be in the way.
    private func unlinkForgotten(_ file: String) {
        // What it stays for is told by the error that led here.
        unsafe unlink(file)
    }

    private func json(
        _ id: String,
        _ file: String,
        _ source: SourceSettings,
        _ secret: String
    ) -> JSONValue {
        let value = JSONValue.object([
            ("source", .string(source.name)), ("id", .string(id)), ("file", .string(file)),
            ("others", .array(source.secrets.map { .string($0.id) })),
        ])
        return show ? value.adding("secret", .string(secret)) : value
    }

    /// What comes next.
    private static func next(_ file: String, old: String, _ call: SecretsCall) -> String {
        """
        Next, in this order:
          1  have the ingress read it: systemctl reload samovar-ingress (SIGHUP; also to samovar up)
          2  enter it in each hook in Gitea (Settings, Webhooks, Edit, Secret): it is what this
             prints: cat \(ShellText.quoted(file)); echo
             Gitea's API cannot change the secret of a hook: there, make a new hook, then delete
             the old one.
          3  when `\(call.ofAll.text("list"))` shows that '\(old)' is not used any more:
             \(call.text("retire", old))

        """
    }
}
