import Logging

/// What a store has to say, as remarks of a command: nobody who asks for a list wants a log.
struct StoreNotes: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    /// A logger for a store that a command opens.
    static func logger() -> Logger {
        Logger(label: "samovar.store") { _ in StoreNotes() }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        StandardError.note(Self.text(event.message.description, event.metadata ?? [:]))
    }

    /// One sentence.
    static func text(_ message: String, _ metadata: Logger.Metadata) -> String {
        let store = metadata["store"].map { "\($0)" } ?? "the store"
        guard message.contains("another process has") else {
            let details = metadata.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            return VisibleText.line("note: \(([message] + details).joined(separator: ", "))")
        }
        // Reading needs no turn, so what is shown is right all the same.
        let holder = metadata["held.by"].map { "\($0)" } ?? "another process"
        return VisibleText.line(
            "note: \(store) is locked: \(holder) has kept others from writing for long; "
                + "`samovar doctor` says more"
        )
    }
}
