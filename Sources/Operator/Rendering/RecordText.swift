import QueueCore

extension Record {
    /// A column's text, fit for a line; empty when it has none.
    func text(_ name: String) -> String {
        switch self[name] {
        case .text(let text), .json(let text): VisibleText.line(text)
        case .integer(let number): String(number)
        case .real(let number): String(number)
        case .time(let time): time.rfc3339
        case .null: ""
        }
    }

    /// A column's number.
    func integer(_ name: String) -> Int64? {
        guard case .integer(let number) = self[name] else { return nil }
        return number
    }

    /// A column's time.
    func time(_ name: String) -> Timestamp? {
        guard case .time(let time) = self[name] else { return nil }
        return time
    }
}
