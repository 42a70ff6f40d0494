import ArgumentParser
import Program
import QueueCore

/// DELIVERY on a command line: a seq, an id, or the beginning of one.
struct DeliveryArgument: ExpressibleByArgument, Sendable {
    /// What was written.
    let text: String

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        text = argument
    }

    /// The delivery that is meant.
    func find(in store: SQLiteStore) async throws -> DeliverySeq {
        try await found(store.find(delivery: text))
    }

    /// What a lookup means to people.
    ///
    /// - Throws: `.notFound` when the text names no delivery, or several.
    func found(_ lookup: DeliveryLookup) throws(Failure) -> DeliverySeq {
        switch lookup {
        case .found(let seq): return seq
        case .ambiguous:
            throw Failure(.notFound, "'\(shown)' names several deliveries, give more of it")
        case .none:
            throw Failure(
                .notFound,
                "no delivery is named '\(shown)'",
                hint: "Give its seq, its id, or at least 8 characters of the id: "
                    + "`samovar deliveries list` has them."
            )
        }
    }

    private var shown: String { VisibleText.line(text) }
}

/// JOB on a command line.
struct JobArgument: ExpressibleByArgument, Sendable {
    /// The job's id.
    let id: JobID

    init?(argument: String) {
        guard let number = Int64(argument), number >= 1 else { return nil }
        id = JobID(rawValue: number)
    }

    /// The job's row.
    ///
    /// - Throws: `.notFound` when there is none.
    func record(in store: SQLiteStore) async throws -> Record {
        guard let record = try await store.records(.job(id)).first else {
            throw Failure(
                .notFound,
                "there is no job \(id)",
                hint: "`samovar jobs list` shows the newest."
            )
        }
        return record
    }
}

/// How many rows a list has at most.
struct LimitOption: ParsableArguments {
    // Unconditional: -3 is a wrong number, not another option.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Show at most this many, newest first.", valueName: "count")
    )
    var limit = 20

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is at least 1.") }
    }
}
