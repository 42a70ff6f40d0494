import FoundationEssentials

extension Configuration {
    /// Finds the configuration file.
    ///
    /// The first of: `option`, `SAMOVAR_CONFIG`, `./.samovar/samovar.yaml`,
    /// `$XDG_CONFIG_HOME/samovar/samovar.yaml` (without the variable in `~/.config`),
    /// `/etc/samovar/samovar.yaml`. A file that is named but missing is an error, never a reason to
    /// take another one.
    ///
    /// - Parameters:
    ///   - option: what `--config` says.
    ///   - environment: the process's variables.
    /// - Returns: `option` as given, otherwise an absolute path.
    /// - Throws: when there is no file; the message lists the places that were looked at.
    package static func locate(
        option: String?,
        environment: [String: String]
    ) throws(ConfigurationError) -> String {
        try locate(
            option: option,
            environment: environment,
            workingFolder: FileManager.default.currentDirectoryPath,
            systemFile: "/etc/samovar/samovar.yaml"
        )
    }

    /// The same with the fixed places given, for tests.
    static func locate(
        option: String?,
        environment: [String: String],
        workingFolder: String,
        systemFile: String
    ) throws(ConfigurationError) -> String {
        if let option {
            return try existing(option, in: workingFolder, namedBy: "--config")
        }
        if let file = environment["SAMOVAR_CONFIG"], !file.isEmpty {
            return try existing(file, in: workingFolder, namedBy: "SAMOVAR_CONFIG")
        }
        let places = [
            AbsolutePath.make(".samovar/samovar.yaml", in: workingFolder),
            StandardPlaces(environment).configuration,
            systemFile,
        ].compactMap(\.self)
        if let found = places.first(where: FileManager.default.fileExists(atPath:)) {
            return found
        }
        let message =
            "not found; looked for \(places.joined(separator: ", ")); "
            + "'samovar init' makes one, --config or SAMOVAR_CONFIG names one"
        throw ConfigurationError([Diagnostic(file: "samovar.yaml", message: message)])
    }

    private static func existing(
        _ file: String,
        in workingFolder: String,
        namedBy source: String
    ) throws(ConfigurationError) -> String {
        let path = AbsolutePath.make(file, in: workingFolder)
        guard !file.isEmpty, FileManager.default.fileExists(atPath: path) else {
            let message = "does not exist, but \(source) names it; 'samovar init' makes one"
            throw ConfigurationError([Diagnostic(file: file, message: message)])
        }
        return file
    }
}
