import ArgumentParser
import Foundation
import Program
import Settings

/// `samovar init`: makes a folder with all that a site needs.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a folder with a configuration, a fresh secret, a handler and a store.",
        discussion: """
            Nothing that exists is ever overwritten: with any of the files there already, nothing \
            is written and the exit code is 1.

            Examples:
              samovar init
              samovar init --dir /srv/samovar
              samovar init --dir .samovar --unless-present
            """
    )

    @OptionGroup(visibility: .hidden) var configurationOption: ConfigurationOption

    @Option(help: ArgumentHelp("The folder to make, or to fill.", valueName: "folder"))
    var dir = ".samovar"

    @Flag(help: "Keep what is there, and add only what is missing.")
    var unlessPresent = false

    func validate() throws {
        guard configurationOption.file == nil else {
            throw ValidationError("init takes no --config: --dir names the folder of its files.")
        }
        guard !dir.isEmpty else { throw ValidationError("--dir names a folder.") }
    }

    func run() async throws {
        try await reporting {
            // Whatever SQLite creates beside the files with a mode of their own is private, too.
            umask(0o077)
            let folder = StarterFolder(path: dir)
            let created =
                unlessPresent ? try await folder.complete() : try await folder.create()
            let command = try Self.command(for: folder)
            try StandardOutput.write(Self.summary(of: created, in: folder, command: command))
        }
    }

    /// The words that call `samovar` for the new site, here.
    static func command(for folder: StarterFolder) throws -> String {
        let configuration = try Configuration.load(
            file: folder.file(.configuration),
            secrets: .skip,
            environment: ProcessInfo.processInfo.environment
        )
        return GiteaInstructions(configuration: configuration).command
    }

    /// What people read afterwards.
    static func summary(
        of created: [StarterFile],
        in folder: StarterFolder,
        command: String
    ) -> String {
        guard !created.isEmpty else { return "\(folder.path): nothing is missing, all kept\n" }
        let width = created.map(\.name.count).max() ?? 0
        let lines = created.map { file in
            let space = String(repeating: " ", count: width - file.name.count + 2)
            return "  \(folder.path)/\(file.name)\(space)\(file.purpose)\n"
        }
        return "created\n" + lines.joined() + "start it: \(command) up\n"
    }
}
