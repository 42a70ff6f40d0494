extension Configuration {
    /// The handler of that name; nil when the file has none.
    package func handler(named name: String) -> HandlerSettings? {
        handlers.first { $0.name == name }
    }

    /// Whether a route has that name.
    package func hasRoute(named name: String) -> Bool {
        routes.contains { $0.name == name }
    }

    /// The handler that somebody meant who mistyped its name.
    package func handlerName(like name: String) -> String? {
        NearestWord.to(name, among: handlers.map(\.name))
    }

    /// The route that somebody meant who mistyped its name.
    package func routeName(like name: String) -> String? {
        NearestWord.to(name, among: routes.map(\.name))
    }
}
