import FoundationEssentials
import Yams

extension Configuration {
    /// A configuration that knows nothing but its store: what can be told of a file with mistakes,
    /// so that people who need the queue's status most are not sent away.
    ///
    /// Not for running anything: handlers, routes and secrets are left out.
    ///
    /// - Parameters:
    ///   - file: the path of the file.
    ///   - environment: the process's variables, for the default place of the store.
    /// - Returns: nil when the file cannot be read, or does not tell where the store is.
    package static func salvage(file: String, environment: [String: String]) -> Configuration? {
        // Whoever calls has the mistakes already, and tells them.
        guard let text = try? ConfigurationText.read(file) else { return nil }
        let path = AbsolutePath.make(file, in: FileManager.default.currentDirectoryPath)
        let place: String?
        if let node = try? Document.compose(text, file: file) {
            guard let setting = node.mapping?["store"] else {
                return StandardPlaces(environment).store.map { of(path, store: $0) }
            }
            place = setting.string
        } else {
            place = line(of: text)
        }
        guard let place, !place.isEmpty else { return nil }
        return of(path, store: AbsolutePath.make(place, in: AbsolutePath.folder(of: path)))
    }

    private static func of(_ file: String, store: String) -> Configuration {
        Configuration(file: file, store: store, ingress: IngressSettings(secrets: []))
    }

    /// What stands behind `store:` at the beginning of a line, in a text that is no YAML.
    private static func line(of text: String) -> String? {
        let key = "store:"
        let lines = text.split(whereSeparator: \.isNewline)
        guard let line = lines.first(where: { $0.hasPrefix(key) }) else { return nil }
        let value = line.dropFirst(key.count).prefix { $0 != "#" }
        return String(
            value.drop { " \t\"'".contains($0) }.reversed()
                .drop { " \t\"'".contains($0) }.reversed()
        )
    }
}
