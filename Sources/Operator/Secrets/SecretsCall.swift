import Program
import Settings

/// The words that call `samovar secrets` again, for the same file and source.
struct SecretsCall {
    /// The configuration's file; nil when it is found without being named.
    var file: String?

    /// The source; nil when there is only one.
    var source: String?

    /// The whole command for a shell, options last.
    func text(_ words: String...) -> String {
        let options =
            (source.map { ["--source", $0] } ?? []) + (file.map { ["--config", $0] } ?? [])
        return (["samovar", "secrets"] + (words + options).map(ShellText.quoted))
            .joined(separator: " ")
    }

    /// The same for what is said of all sources at once.
    var ofAll: SecretsCall { SecretsCall(file: file) }
}

extension SecretsCall {
    /// A call that means what this one did.
    init(
        _ option: ConfigurationOption,
        _ source: SourceSettings,
        of configuration: Configuration
    ) {
        self.init(
            file: option.file == nil ? nil : configuration.file,
            source: configuration.ingress.sources.count > 1 ? source.name : nil
        )
    }
}
