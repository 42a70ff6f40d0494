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
        var looked: [String] = []
        for place in places {
            switch FileContents.problem(at: place) {
            case nil: return place
            // Somebody else's site, as a rule; who was to use it learns why it is passed over.
            case .denied: looked.append("\(place) (permission denied)")
            case .missing, .folder, .special, .tooLarge, .other: looked.append(place)
            }
        }
        let message =
            "not found; looked for \(looked.joined(separator: ", ")); "
            + "'samovar init' makes one, --config or SAMOVAR_CONFIG names one"
        throw ConfigurationError([Diagnostic(file: "samovar.yaml", message: message)])
    }

    private static func existing(
        _ file: String,
        in workingFolder: String,
        namedBy source: String
    ) throws(ConfigurationError) -> String {
        let path = AbsolutePath.make(file, in: workingFolder)
        let problem = file.isEmpty ? .missing : FileContents.problem(at: path)
        let message: String
        switch problem {
        case nil: return file
        case .denied:
            message =
                "permission denied: \(source) names it, but this user may not enter a folder on "
                + "the way to it; run as a user who may, or let this one in with chmod"
        case .missing, .folder, .special, .tooLarge, .other:
            message = "does not exist, but \(source) names it; 'samovar init' makes one"
        }
        throw ConfigurationError([Diagnostic(file: file, message: message)])
    }
}
