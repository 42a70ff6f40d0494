import ArgumentParser
import Program
import Settings

/// `samovar routes list`.
struct RoutesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the routes in the order in which they are asked.",
        discussion: """
            Every route that matches makes a job of its own. One in mode shadow is asked and \
            recorded, and makes none.

            Examples:
              samovar routes list
              samovar routes list --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    func run() async throws {
        try await reporting {
            let configuration = try configurationOption.load(secrets: .skip)
            if output.json {
                let routes = configuration.routes.map(ConfigurationSummary.json)
                try StandardOutput.write(JSONOutput.list(routes))
            } else if configuration.routes.isEmpty {
                StandardError.note("\(configuration.file) has no routes")
            } else {
                let table = Self.table(configuration.routes)
                try StandardOutput.write(table.text(on: .standardOutput()))
            }
        }
    }

    /// For people.
    static func table(_ routes: [RouteSettings]) -> Table {
        Table(header: ["name"] + columns, rows: routes.map(cells))
    }

    /// What stands behind a route's name, in `check` too.
    static let columns = ["on", "when", "trust", "lane", "run", "mode"]

    /// A route's name and `columns`.
    static func cells(_ route: RouteSettings) -> [Cell] {
        [
            Cell(route.name), Cell(route.events.text),
            route.when.isEmpty ? .absent : Cell(route.when.text),
            route.trustNeed.map { Cell($0.text) } ?? .absent,
            route.lane.map { Cell($0.rawValue) } ?? .absent, Cell(route.run),
            Cell(route.mode.rawValue, tone: route.mode == .shadow ? .attention : .plain),
        ]
    }
}
