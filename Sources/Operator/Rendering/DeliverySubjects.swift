import QueueCore
import Routing

/// What the deliveries behind the rows of a list are about.
enum DeliverySubjects {
    /// The columns that rows get, besides those of the store.
    static let columns = ["repository", "sender", "branch", "title"]

    /// Adds the columns to rows, from the bodies of their deliveries: one after the other, each once.
    ///
    /// - Parameters:
    ///   - records: the rows that are shown, and no others.
    ///   - column: which of their columns has the delivery's seq.
    ///   - store: where the bodies are.
    /// - Returns: the rows in their order; null where a body is pruned or does not say it.
    /// - Throws: what the store throws.
    static func add(
        to records: [Record],
        column: String,
        from store: SQLiteStore
    ) async throws -> [Record] {
        var known: [Int64: EventSubject?] = [:]
        var result: [Record] = []
        for record in records {
            guard let seq = record.integer(column) else {
                result.append(record)
                continue
            }
            if known[seq] == nil {
                let stored = try await store.history(of: DeliverySeq(rawValue: seq))
                let subject = stored.flatMap { $0.isPruned ? nil : EventSubject(of: $0.delivery) }
                known[seq] = .some(subject)
            }
            result.append(record.adding(known[seq] ?? nil))
        }
        return result
    }
}

extension Record {
    fileprivate func adding(_ subject: EventSubject?) -> Record {
        let texts = [subject?.repository, subject?.sender, subject?.branch, subject?.title]
        let values = texts.map { text in text.map { Value.text($0) } ?? .null }
        return Record(columns + zip(DeliverySubjects.columns, values).map { (name: $0, value: $1) })
    }
}
