/// Where files are when nobody says so, after the XDG base directory specification and systemd.
struct StandardPlaces {
    private let environment: [String: String]

    init(_ environment: [String: String]) {
        self.environment = environment
    }

    /// The user's own configuration file; nil for a user without a home.
    var configuration: String? {
        folder("XDG_CONFIG_HOME", inHome: ".config").map { "\($0)/samovar/samovar.yaml" }
    }

    /// The store: in the service's state folder under systemd, else in the user's.
    var store: String? {
        // Several `StateDirectory=` come with colons between them (systemd.exec(5)).
        if let service = environment["STATE_DIRECTORY"]?.split(separator: ":").first {
            return AbsolutePath.make("queue.db", in: String(service))
        }
        return folder("XDG_STATE_HOME", inHome: ".local/state").map { "\($0)/samovar/queue.db" }
    }

    /// The variable's value if it is an absolute path (others count as unset, says XDG), else the
    /// folder in the user's home.
    private func folder(_ variable: String, inHome name: String) -> String? {
        if let folder = environment[variable], folder.hasPrefix("/") {
            return AbsolutePath.make(folder, in: "/")
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return AbsolutePath.make(name, in: home)
    }
}
