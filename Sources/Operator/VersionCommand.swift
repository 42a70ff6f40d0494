import ArgumentParser
import Foundation
import Program

/// `samovar version`: what this build is made of.
struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Show the versions of Samovar, SQLite and the compiler.",
        discussion: """
            Examples:
              samovar version
              samovar version --json
            """
    )

    @OptionGroup(visibility: .hidden) var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    func run() async throws {
        try await reporting {
            let fields = [
                ("samovar", ProgramVersion.current),
                ("sqlite", BuildParts.sqlite ?? "unknown"),
                ("swift", BuildParts.swift),
                ("build", BuildParts.build),
                ("platform", BuildParts.platform),
            ]
            if output.json {
                let members = fields.map { (name: $0.0, value: JSONValue.string($0.1)) }
                try StandardOutput.write(JSONOutput.object(members))
            } else {
                let list = FieldList(fields.map { ($0.0, Cell($0.1)) })
                try StandardOutput.write(list.text(on: .standardOutput()))
            }
        }
    }
}

/// What the program was built from.
private enum BuildParts {
    /// The version of the SQLite library that is loaded now, which is the system's.
    ///
    /// Looked up by name: the store alone is linked against SQLite's interface.
    static var sqlite: String? {
        guard let symbol = unsafe dlsym(nil, "sqlite3_libversion") else { return nil }
        typealias Function = @convention(c) () -> UnsafePointer<CChar>?
        // sqlite.org/c3ref/libversion.html: const char *sqlite3_libversion(void)
        let version = unsafe unsafeBitCast(symbol, to: Function.self)()
        return unsafe version.map { unsafe String(cString: $0) }
    }

    static var swift: String {
        #if compiler(>=6.4)
        "6.4 or later"
        #elseif compiler(>=6.3)
        "6.3"
        #else
        "6.2"
        #endif
    }

    static var build: String {
        #if DEBUG
        "debug"
        #else
        "release"
        #endif
    }

    static var platform: String {
        #if arch(x86_64)
        "linux x86_64"
        #elseif arch(arm64)
        "linux arm64"
        #else
        "linux"
        #endif
    }
}
