import FoundationEssentials
import Yams

/// A section of the configuration that queue commands read, where they can.
package enum ConfigurationPart: CaseIterable, Sendable {
    case ingress
    case worker
    case retention
    case handlers
    case routes
}

extension Configuration {
    /// What can be told of a file with mistakes: where its store is, and the sections that have
    /// none, so that people who need the queue most are not sent away.
    ///
    /// Not for running anything: secrets, trust and gates are left out.
    ///
    /// - Parameters:
    ///   - file: the path of the file.
    ///   - environment: the process's variables, for the default place of the store.
    /// - Returns: nil when the file cannot be read, or does not tell where the store is; `unread`
    ///   names the sections that have mistakes.
    package static func salvage(file: String, environment: [String: String]) -> Configuration? {
        // Whoever calls has the mistakes already, and tells them.
        guard let text = try? ConfigurationText.read(file) else { return nil }
        let path = AbsolutePath.make(file, in: FileManager.default.currentDirectoryPath)
        let folder = AbsolutePath.folder(of: path)
        let usual = StandardPlaces(environment).store
        // A text that is no YAML is looked through for the store alone.
        let node = try? Document.compose(text, file: file)
        let place: String?
        switch node {
        case .mapping(let mapping):
            guard let setting = mapping["store"] else { return usual.map(salvaged) }
            place = setting.string
        case .scalar, .sequence, .alias, nil:
            let lines = text.split(whereSeparator: \.isNewline).filter { !isComment($0) }
            guard lines.contains(where: { $0.contains("store") }) else {
                // One that was emptied may have named the store that `samovar init` makes beside it.
                let beside = AbsolutePath.make("queue.db", in: folder)
                let isThere = FileManager.default.fileExists(atPath: beside)
                return (isThere ? beside : usual).map(salvaged)
            }
            place = value(in: lines)
        }
        guard let place, !place.isEmpty else { return nil }
        return salvaged(AbsolutePath.make(place, in: folder))

        /// The configuration with the sections that can be read.
        func salvaged(_ store: String) -> Configuration {
            var configuration = Configuration(
                file: path,
                store: store,
                ingress: IngressSettings(secrets: [])
            )
            configuration.unread = Set(ConfigurationPart.allCases)
            if let node { configuration.salvageParts(of: node, folder: folder) }
            return configuration
        }
    }

    /// Takes over the sections that have no mistakes, and of handlers and routes also the others
    /// that have none.
    private mutating func salvageParts(of node: Node, folder: String) {
        let store = store
        let ingress = part(.ingress, of: node, folder) {
            IngressSettings($0["ingress"], in: $0, store: store)
        }
        if let ingress, !unread.contains(.ingress) { self.ingress = ingress }
        if let worker = part(.worker, of: node, folder, { WorkerSettings($0["worker"]) }) {
            self.worker = worker
        }
        let retention = part(.retention, of: node, folder) { RetentionSettings($0["retention"]) }
        if let retention { self.retention = retention }
        var names: [String]?
        let handlers = part(.handlers, of: node, folder) { top in
            let found = HandlerSettings.all(top["handlers"])
            names = found.names
            return found.settings
        }
        if let handlers { self.handlers = handlers }
        let routes = part(.routes, of: node, folder) {
            RouteSettings.all($0["routes"], handlers: names)
        }
        if let routes { self.routes = routes }
    }

    /// Reads one section by itself, and strikes it off `unread` when it has no mistake.
    private mutating func part<Value>(
        _ part: ConfigurationPart,
        of node: Node,
        _ folder: String,
        _ read: (Section) -> Value?
    ) -> Value? {
        let reading = Reading(file: file, folder: folder, secrets: .skip)
        guard let top = Setting(node: node, path: "", reading: reading).section(Self.keys) else {
            return nil
        }
        let others = reading.errors.count
        let value = read(top)
        if reading.errors.count == others, value != nil { unread.remove(part) }
        return value
    }

    private static func isComment(_ line: Substring) -> Bool {
        line.first { $0 != " " && $0 != "\t" } == "#"
    }

    /// What stands behind `store:` at the beginning of a line, in a text that is no YAML.
    private static func value(in lines: [Substring]) -> String? {
        let key = "store:"
        guard let line = lines.first(where: { $0.hasPrefix(key) }) else { return nil }
        let value = line.dropFirst(key.count).prefix { $0 != "#" }
        return String(
            value.drop { " \t\"'".contains($0) }.reversed()
                .drop { " \t\"'".contains($0) }.reversed()
        )
    }
}
