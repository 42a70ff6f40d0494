/// What holds an event back from routes that do not ask for it.
enum Gate: String, CaseIterable, Sendable {
    /// What a bot caused.
    case bots
    /// A bot's own words, as its handler marked them.
    case echo
    /// Gitea's test delivery.
    case tests
    /// What a mirror fetched.
    case mirrors
    /// Bots that keep causing work on one issue.
    case loop
}

/// What one gate says of one event, and why.
struct GateVerdict: Equatable, Sendable {
    /// Whether routes that do not ask for such events get this one.
    enum Word: String, Sendable {
        case pass
        case hold
        /// The store decides: it knows what came before.
        case counted
    }

    let gate: Gate
    let word: Word
    let because: String
}
