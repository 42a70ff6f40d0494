/// What a site's configuration says; ports are free ones, chosen by the system.
struct SiteSettings: Sendable {
    /// A route with the one handler that it runs.
    struct Handler: Sendable {
        var name: String
        /// Names in the site's folder, then arguments; absolute paths stay.
        var command: [String]
        /// More keys of the handler: `timeout: 1s`.
        var options: [String] = []
        var events = "\"*\""
        /// More keys of the route: `lane: ref`.
        var route: [String] = []
    }

    /// Secrets by id, none where `ingress` lists sources; the first one is that of recorded hooks.
    var secrets: [(id: String, secret: String)] = [("test", "s3cret")]
    var listen = "127.0.0.1:0"
    /// More keys of section `ingress`.
    var ingress: [String] = []
    /// Section `worker`.
    var worker: [String] = ["slots: 8"]
    /// Section `log`.
    var log: String?
    /// More sections, line by line.
    var sections: [String] = []
    var handlers: [Handler] = []

    var yaml: String {
        var lines = ["store: queue.db", "ingress:"]
        lines += ["listen: \(listen)", "health: 127.0.0.1:0"].map { "  \($0)" }
        lines += ingress.map { "  \($0)" }
        if !secrets.isEmpty { lines += ["  secrets:"] }
        lines += secrets.map { "    - { id: \($0.id), file: \($0.id).secret }" }
        let hasHealth = worker.contains { $0.hasPrefix("health:") }
        lines +=
            ["worker:"] + (worker + (hasHealth ? [] : ["health: 127.0.0.1:0"])).map { "  \($0)" }
        if let log { lines += ["log: \(log)"] }
        lines += sections
        if !handlers.isEmpty {
            lines += ["handlers:"] + handlers.flatMap(Self.handler)
            lines += ["routes:"] + handlers.flatMap(Self.route)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func handler(_ handler: Handler) -> [String] {
        let words = handler.command.map { "\"\($0)\"" }.joined(separator: ", ")
        return ["  \(handler.name):", "    exec: [\(words)]"] + handler.options.map { "    \($0)" }
    }

    private static func route(_ handler: Handler) -> [String] {
        ["  - name: \(handler.name)", "    on: \(handler.events)", "    run: \(handler.name)"]
            + handler.route.map { "    \($0)" }
    }
}
