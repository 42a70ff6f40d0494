import QueueCore

/// Questions to Gitea without an answer, for people and programs.
extension GiteaTrouble {
    /// Since when, how many jobs wait for it, and why.
    func cell(_ time: LocalTime) -> Cell {
        Cell(
            "asked in vain since \(time.short(since)), \(Quantity.count(jobs, "job")) "
                + "\(jobs == 1 ? "waits" : "wait"): \(VisibleText.line(lastError)) "
                + "(\(time.short(lastAt)))",
            tone: .bad
        )
    }

    /// One object.
    var json: JSONValue {
        .object([
            ("jobs", .integer(Int64(jobs))), ("since", .time(since)),
            ("last_error", .string(lastError)), ("last_at", .time(lastAt)),
        ])
    }
}
