package import ArgumentParser
import Foundation
package import Settings

/// The option every program takes.
package struct ConfigurationOption: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "The configuration file.",
            discussion: """
                Without it: $SAMOVAR_CONFIG, ./.samovar/samovar.yaml,
                $XDG_CONFIG_HOME/samovar/samovar.yaml (~/.config), /etc/samovar/samovar.yaml.
                """,
            valueName: "file"
        )
    )
    package var file: String?

    package init() {}

    /// The file that will be read.
    package func locate() throws -> String {
        try Configuration.locate(
            option: file,
            environment: ProcessInfo.processInfo.environment
        )
    }

    package func load(secrets: SecretReading) throws -> Configuration {
        try Configuration.load(
            file: locate(),
            secrets: secrets,
            environment: ProcessInfo.processInfo.environment
        )
    }
}
