import ArgumentParser
import Program
import Settings

/// `samovar`: sets a site up, starts it, looks into its queue, and runs things again.
@main
struct OperatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "samovar",
        abstract: "Sets up, starts and inspects a durable webhook pipeline for Gitea.",
        discussion: """
            Examples:
              samovar init                 make ./.samovar with a fresh secret
              samovar up --welcome         start everything, show a first delivery
              samovar send push            send a signed sample delivery
              samovar status               how the queue stands
              samovar deliveries show 17   what became of a delivery, and why
              samovar jobs output 17       what a job's handler printed
              samovar jobs why 17          why a job waits
              samovar routes explain 17    which route said what to a delivery
              samovar dead requeue --all   give dead jobs another chance
              samovar dead discard 17      take a dead job off the list
              samovar replay 17            route a delivery again
              samovar pause --handler ci   start no more jobs of a handler
              samovar doctor               prove that nothing is lost or wrong
              samovar backup FILE          copy the store while it works
              samovar sql                  open the store with sqlite3, safely

            A delivery is named by its seq or by its id from Gitea, of which a
            beginning of at least 8 characters is enough; a job by its id.

            Exit codes:
              0   fine
              1   findings: something is not as it should be, or was refused
              2   not found
              64  usage
              69  the store is unavailable, or no ingress answers
              70  internal error
              78  configuration
            """,
        version: ProgramVersion.current,
        subcommands: [
            InitCommand.self, UpCommand.self, CheckCommand.self, SendCommand.self,
            StatusCommand.self, DeliveriesCommand.self, JobsCommand.self, RoutesCommand.self,
            ReplayCommand.self,
            DeadCommand.self, PauseCommand.self, ResumeCommand.self, BreakersCommand.self,
            LeaseCommand.self,
            SecretsCommand.self, PruneCommand.self, BackupCommand.self, RestoreCommand.self,
            DoctorCommand.self,
            SQLCommand.self, VersionCommand.self,
        ]
    )

    // Parsed here, it may stand before the name of a subcommand as well as after it: the parser
    // hands a group that was read once to every subcommand that has the same one.
    @OptionGroup var configurationOption: ConfigurationOption
}

extension OperatorCommand {
    /// Runs the command that the words say.
    static func main() async {
        let words = ProgramArguments.words
        // The parser would show the help of the root, as if all were well.
        if words.first == "help", let mistake = unknownCommand(in: Array(words.dropFirst())) {
            exit(withError: mistake)
        }
        do {
            _ = try parseAsRoot(words)
        } catch  where exitCode(for: error).rawValue == ExitStatus.usage.rawValue {
            if let mistake = mistypedCommand(in: words) { exit(withError: mistake) }
        } catch {
            // A wish for help, or a mistake that the parser tells as it should be told.
        }
        await main(words)
    }

    /// What `help` is asked about that is no command; nil when there is help for it.
    static func unknownCommand(in words: [String]) -> ValidationError? {
        if let mistake = mistypedCommand(in: words) { return mistake }
        var command: any ParsableCommand.Type = self
        for word in words where !word.hasPrefix("-") {
            let next = command.configuration.subcommands.first {
                $0.configuration.commandName == word
            }
            guard let next else {
                return ValidationError("There is no command '\(words.joined(separator: " "))'.")
            }
            command = next
        }
        return nil
    }

    /// Names the command that was meant where a word is none; nil when nothing is like it.
    ///
    /// The parser knows such suggestions for options alone.
    static func mistypedCommand(in words: [String]) -> ValidationError? {
        var command: any ParsableCommand.Type = self
        var names: [String] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            // The only option that stands before the name of a subcommand.
            if word == "--config" { rest = rest.dropFirst() }
            if word.hasPrefix("-") { continue }
            let configuration = command.configuration
            names.append(configuration.commandName ?? "")
            let subcommands = configuration.subcommands
            if let next = subcommands.first(where: { $0.configuration.commandName == word }) {
                command = next
                continue
            }
            // Elsewhere, a word is an argument.
            guard !subcommands.isEmpty, configuration.defaultSubcommand == nil else { return nil }
            let known = subcommands.compactMap { $0.configuration.commandName }
            guard let meant = NearestWord.to(word, among: known) else { return nil }
            let group = names.joined(separator: " ")
            return ValidationError("There is no '\(group) \(word)'. Did you mean '\(meant)'?")
        }
        return nil
    }
}
