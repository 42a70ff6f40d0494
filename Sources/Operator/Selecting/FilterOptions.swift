import ArgumentParser
import QueueCore

/// The options that choose jobs, or deliveries by their jobs; all that are given must fit.
struct FilterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Received at or after: a time ('2026-11-21 10:00', 10:00, RFC 3339) or an age (2h, 7d).",
            valueName: "time"
        ),
        transform: TimeArgument.parse
    )
    var since: TimeArgument?

    @Option(
        help: ArgumentHelp("Received before: a time or an age.", valueName: "time"),
        transform: TimeArgument.parse
    )
    var until: TimeArgument?

    @Option(help: ArgumentHelp("Of this event type.", valueName: "type"), transform: filled)
    var event: String?

    @Option(
        help: ArgumentHelp("For this repository.", valueName: "owner/name"),
        transform: filled
    )
    var repo: String?

    @Option(help: ArgumentHelp("Of this route.", valueName: "name"), transform: filled)
    var route: String?

    @Option(help: ArgumentHelp("Of this handler.", valueName: "name"), transform: filled)
    var handler: String?

    @Option(
        help: ArgumentHelp(
            "In this state: \(StateArgument.names.joined(separator: ", ")).",
            valueName: "state"
        ),
        transform: StateArgument.parse
    )
    var state: StateArgument?

    @Option(
        help: ArgumentHelp("Ended with a reason that contains this.", valueName: "text"),
        transform: filled
    )
    var reason: String?

    /// Whether none was given.
    var isEmpty: Bool { selection(now: Timestamp(rawValue: 0)).isEmpty }

    func validate() throws {
        let now = Clocks.system.now()
        guard let since = since?.instant(now: now), let until = until?.instant(now: now) else {
            return
        }
        guard since < until else {
            throw ValidationError("--since is not before --until: nothing can be in between.")
        }
    }

    /// What the options mean at a moment.
    func selection(now: Timestamp) -> Selection {
        Selection(
            since: since?.instant(now: now),
            until: until?.instant(now: now),
            eventType: event,
            repo: repo,
            route: route,
            handler: handler.map(HandlerName.init(rawValue:)),
            state: state?.state,
            onlyDiscarded: state?.isDiscarded ?? false,
            reason: reason
        )
    }

    /// An empty text would fit nothing, or everything: it is a variable that somebody forgot to
    /// set.
    private static func filled(_ text: String) throws -> String {
        guard !text.isEmpty else { throw ValidationError("it is empty") }
        return text
    }
}

/// The options of commands that change many things at once.
struct CautionOptions: ParsableArguments {
    @Flag(help: "Say how many there are, of which kind, and change nothing.")
    var dryRun = false

    @Flag(name: [.long, .customShort("y")], help: "Do not ask; scripts with a filter need it.")
    var yes = false
}
