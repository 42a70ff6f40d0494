import ArgumentParser
import Program
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
            ["jobs", "list", "--state", "finished"],
            ["jobs", "show", "first"],
            ["deliveries", "list", "--verdict", "lost"],
            ["dead", "requeue"],
            ["dead", "requeue", "5", "--all"],
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
}
