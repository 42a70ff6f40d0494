import ArgumentParser
import Foundation
import Program
import QueueCore
import Settings

/// `samovar sql`: the real `sqlite3` program on the store, with settings that keep it safe.
struct SQLCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sql",
        abstract: "Open the store with sqlite3, safely.",
        discussion: """
            Waits for others, checks foreign keys, and leaves checkpoints to Samovar. Its exit \
            code is that of sqlite3. Writing is as safe as the store's triggers make it; \
            they say what to do instead when they refuse something.

            Examples:
              samovar sql
              samovar sql 'SELECT * FROM queue'
              samovar sql --readonly 'SELECT count(*) FROM delivery'
              samovar sql 'INSERT INTO replay (delivery) VALUES (17)'
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption

    @Flag(help: "Refuse every change.")
    var readonly = false

    @Argument(help: "Run this and end; without it, sqlite3 asks.")
    var statement: String?

    func run() async throws {
        try await reporting {
            let store = try configurationOption.loadForQueue().store
            // sqlite3 would make an empty file.
            guard FileManager.default.fileExists(atPath: store) else {
                throw Failure(StoreError.missing(path: store))
            }
            let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            guard let program = Self.find("sqlite3", in: search) else {
                throw Failure(
                    .unavailable,
                    "there is no sqlite3 program in PATH",
                    hint: "Install it: apt-get install sqlite3"
                )
            }
            let shell = SafeShell(
                store: store,
                isReadOnly: readonly,
                statement: statement,
                isTerminal: isatty(STDOUT_FILENO) == 1
            )
            throw Self.become(program, shell.arguments)
        }
    }

    /// The first program of that name in a search path.
    static func find(_ name: String, in path: String) -> String? {
        path.split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Replaces this process, so that the terminal and its signals are sqlite3's own.
    ///
    /// - Returns: why it could not.
    private static func become(_ program: String, _ arguments: [String]) -> Failure {
        // Threads of the runtime block signals, and a program inherits what its thread blocks.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
        var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        // The words are not freed: there is nothing left to do but to say why this failed.
        unsafe execv(program, &words)
        let reason = systemError()
        return Failure(.unavailable, "cannot execute \(program): \(reason)")
    }
}

/// How sqlite3 is called.
struct SafeShell {
    var store: String
    var isReadOnly: Bool
    var statement: String?
    var isTerminal: Bool

    /// What follows the program's name.
    ///
    /// Settings print what they were set to, so their output goes nowhere. `~/.sqliterc` is read
    /// before them and cannot undo them.
    ///
    /// A checkpoint beside a commit is what older libraries cannot do (docs/DURABILITY.md). The
    /// automatic ones are switched off. The one that the last connection makes when it closes could
    /// not meet a commit, since it first locks everybody else out; it is switched off as well, so
    /// that all checkpoints are Samovar's: what was written stays in the log, as safe as in the
    /// database, until a service or command opens and closes the store.
    var arguments: [String] {
        var words: [String] = []
        for command in [
            ".output /dev/null", ".timeout 5000", "PRAGMA wal_autocheckpoint=0;",
            "PRAGMA foreign_keys=ON;", ".dbconfig no_ckpt_on_close on", ".output",
        ] {
            words += ["-cmd", command]
        }
        if isTerminal { words += ["-header", "-box"] }
        if isReadOnly { words.append("-readonly") }
        words.append(store)
        // Otherwise a comment would be taken for an option.
        if let statement { words.append(statement.hasPrefix("-") ? " " + statement : statement) }
        return words
    }
}
