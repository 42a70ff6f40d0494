import ArgumentParser
import Program
import QueueCore
import Testing

@testable import Operator

@Suite
struct CommandLineTests {
    @Test(
        arguments: [
            ["--config", "a.yaml", "jobs", "list"],
            ["jobs", "--config", "a.yaml", "list"],
            ["jobs", "list", "--config", "a.yaml"],
            ["jobs", "list", "--config=a.yaml"],
        ]
    )
    func `--config may stand before and after the names of subcommands`(words: [String]) throws {
        let command = try #require(OperatorCommand.parseAsRoot(words) as? JobsListCommand)
        #expect(command.configurationOption.file == "a.yaml")
    }

    @Test
    func `help for what is no command is refused`() throws {
        for words in [["nonsense"], ["routes", "nonsense"], ["check", "it"], ["statsu"]] {
            #expect(OperatorCommand.unknownCommand(in: words) != nil, "\(words)")
        }
        for words in [[], ["routes"], ["routes", "test"], ["--help"]] {
            #expect(OperatorCommand.unknownCommand(in: words) == nil, "\(words)")
        }
        let error = #expect(throws: (any Error).self) {
            try OperatorCommand.parseAsRoot(["jobs", "list", "--limit", "-3"])
        }
        let message = try OperatorCommand.fullMessage(for: #require(error))
        #expect(message.contains("--limit is at least 1."))
    }

    @Test
    func `options of a subcommand are not taken for those of the root`() throws {
        let words = ["--config", "a.yaml", "send", "body.json", "--event", "push", "--json"]
        let command = try #require(OperatorCommand.parseAsRoot(words) as? SendCommand)
        #expect(command.what == "body.json")
        #expect(command.event == "push")
        #expect(command.output.json)
        #expect(command.configurationOption.file == "a.yaml")
    }

    @Test(
        arguments: [
            ["init", "--config", "a.yaml"],
            ["init", "--dir", ""],
            ["jobs", "list", "--limit", "0"],
            ["jobs", "list", "--limit", "-3"],
            ["jobs", "list", "--state", "finished"],
            ["jobs", "show", "first"],
            ["deliveries", "list", "--verdict", "lost"],
            ["dead", "requeue"],
            ["dead", "requeue", "5", "--all"],
            ["dead", "requeue", "5", "--handler", "ci"],
            ["dead", "discard"],
            ["dead", "discard", "5", "--all"],
            ["dead", "discard", "--handler", "ci", "--state", "done"],
            ["dead", "undiscard"],
            ["dead", "undiscard", "--handler", "ci", "--state", "cancelled"],
            ["dead", "requeue", "--handler", "ci", "--state", "done"],
            ["dead", "requeue", "--all", "--rate", "fast"],
            ["jobs", "cancel"],
            ["jobs", "cancel", "5", "--since", "2h"],
            ["jobs", "cancel", "--since", "2hours"],
            ["jobs", "cancel", "--state", "done"],
            ["jobs", "retry-now"],
            ["jobs", "retry-now", "--state", "leased"],
            ["jobs", "why"],
            ["jobs", "why", "first"],
            ["replay"],
            ["replay", "--dry-run"],
            ["replay", "17", "--verdict", "ignored"],
            ["replay", "--verdict", "lost"],
            ["replay", "--since", "10:60"],
            ["replay", "17", "--rate", "0/s"],
            ["replay", "cancel"],
            ["replay", "cancel", "first"],
            ["pause"],
            ["pause", "--everything", "--handler", "ci"],
            ["pause", "--handler", ""],
            ["resume"],
            ["lease", "verify", "5"],
            ["lease", "verify", "5.0"],
            ["send", "push", "--repeat", "0"],
            ["send", "push", "--exact"],
            ["send", "push", "--delivery-id", "a", "--repeat", "2"],
            ["send", "push", "--delivery-id", "a b"],
            ["send", "push", "--url", "localhost:8480"],
        ]
    )
    func `a command line that makes no sense is refused with code 64`(words: [String]) {
        #expect {
            try OperatorCommand.parseAsRoot(words)
        } throws: {
            OperatorCommand.exitCode(for: $0).rawValue == Program.ExitStatus.usage.rawValue
        }
    }

    @Test(
        arguments: [
            ["replay", "17"], ["replay", "start", "17"], ["--config", "a", "replay", "17", "18"],
            ["replay", "--since", "2h", "--yes"], ["replay", "--verdict", "repeat", "-y"],
        ]
    )
    func `replay needs no further word`(words: [String]) throws {
        #expect(try OperatorCommand.parseAsRoot(words) is ReplayStartCommand)
    }

    @Test
    func `pause needs no further word`() throws {
        let words = ["pause", "--handler", "ci", "--reason", "upgrade", "--config", "a"]
        let command = try #require(OperatorCommand.parseAsRoot(words) as? PauseStartCommand)
        #expect(command.targetOptions.target == .handler(HandlerName(rawValue: "ci")))
        #expect(command.configurationOption.file == "a")
        #expect(try OperatorCommand.parseAsRoot(["pause", "list"]) is PauseListCommand)
    }

    @Test(arguments: Program.ExitStatus.allCases)
    func `--help lists every exit code`(status: Program.ExitStatus) {
        let lines = OperatorCommand.helpMessage(columns: 80).split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("  \(status.rawValue) ") })
    }

    @Test
    func `every command has examples`() {
        func check(_ command: any ParsableCommand.Type) {
            let discussion = command.configuration.discussion
            #expect(discussion.contains("Examples:\n  samovar "), "\(command)")
            command.configuration.subcommands.forEach(check)
        }
        check(OperatorCommand.self)
    }

    @Test(
        arguments: [
            (["statu"], "samovar statu", "status"), (["job", "list"], "samovar job", "jobs"),
            (["--config", "status", "jobs", "lits"], "samovar jobs lits", "list"),
            (["--config=a", "dead", "requeu", "5"], "samovar dead requeu", "requeue"),
        ]
    )
    func `a command that was mistyped is guessed`(words: [String], said: String, meant: String) {
        #expect(throws: (any Error).self) { try OperatorCommand.parseAsRoot(words) }
        #expect(
            OperatorCommand.mistypedCommand(in: words)?.message
                == "There is no '\(said)'. Did you mean '\(meant)'?"
        )
    }

    @Test(
        arguments: [
            [], ["something"], ["status"], ["status", "statu"], ["jobs", "show", "list"],
            ["replay", "lists"], ["pause", "lists"], ["--config"], ["--config", "statu"],
        ]
    )
    func `nothing is guessed where no command is like it, or none is wanted`(words: [String]) {
        #expect(OperatorCommand.mistypedCommand(in: words) == nil)
    }

    @Test
    func `the help of resume does not say that pauses expire`() {
        let help = OperatorCommand.helpMessage(for: ResumeCommand.self, columns: 200)
        #expect(help.contains("Each pause is ended on its own"))
    }
}
