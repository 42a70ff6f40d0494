import GRDB
import Logging

/// What happens when somebody sets the wall clock.
///
/// `run_at` is wall time, for people. After a step back of an hour a job that was due in ten
/// seconds would wait an hour and ten seconds; so what is not yet due moves with the clock. After a
/// step ahead all that is kept would be old at once; so ages go by the time that passed
/// (``WallClock``).
extension SQLiteStore {
    /// Compares the wall clock with the time since the machine was started; the first process that
    /// sees a step notes it, in its own transaction, so that it is done once.
    func followClock(in database: Database) throws {
        let reading = clocks.reading
        var known = try WallClock(seenBy: database)
        guard known.look(at: reading) != .none else { return }
        var clock = try WallClock(database)
        switch clock.look(at: reading) {
        case .none: return
        case .seen: break
        case .back(let duration):
            for sql in [Self.pullIn, Self.pullReplaysIn] {
                try database.cachedStatement(sql: sql).execute(arguments: [
                    duration.microseconds, reading.now.rawValue,
                ])
            }
            try clock.writeSteps(to: database)
        case .ahead(let duration):
            logger.warning(
                "the wall clock went ahead: ages go by the time that passed, not by the clock",
                metadata: ["seconds": "\(duration.components.seconds)"]
            )
            try clock.writeSteps(to: database)
        }
        try database.cachedStatement(sql: Self.rememberClock)
            .execute(arguments: [clock.lead, clock.boot, clock.seenAt?.rawValue])
    }

    /// The clock as it is now, and what it says; a step that nobody noted yet is in it.
    func wallClock(in database: Database) throws -> (clock: WallClock, now: Timestamp) {
        let reading = clocks.reading
        var clock = try WallClock(database)
        _ = clock.look(at: reading)
        return (clock, reading.now)
    }

    /// Notes a step even where no job runs and no delivery comes.
    func followClock() throws(StoreError) {
        let isKnown = try read { database in
            var known = try WallClock(seenBy: database)
            return known.look(at: clocks.reading) == .none
        }
        guard !isKnown else { return }
        try write { database in try self.followClock(in: database) }
    }

    private static let rememberClock = """
        UPDATE store SET wall_lead = ?, wall_boot = ?, wall_seen = ? WHERE id = 1
        """

    /// Served by job_live: it walks what is live, once per step.
    private static let pullIn = """
        UPDATE job INDEXED BY job_live SET run_at = max(0, run_at - ?)
        WHERE state IN ('ready', 'leased') AND state = 'ready' AND run_at > ?
        """

    /// Served by replay_request_waiting.
    private static let pullReplaysIn = """
        UPDATE replay_request SET not_before = max(0, not_before - ?)
        WHERE verdict IS NULL AND not_before > ?
        """
}

extension WallClock {
    /// Where and when it was seen last, without its steps: what is asked with each claim.
    fileprivate init(seenBy database: Database) throws {
        self.init()
        guard let row = try Row.fetchOne(database.cachedStatement(sql: Self.lastSeen)) else {
            return
        }
        lead = row["wall_lead"] as Int64?
        boot = row["wall_boot"] as String?
        seenAt = (row["wall_seen"] as Int64?).map(Timestamp.init(rawValue:))
    }

    /// All that a store knows of it.
    fileprivate init(_ database: Database) throws {
        try self.init(seenBy: database)
        steps = try Row.fetchAll(database.cachedStatement(sql: Self.knownSteps)).map { row in
            Step(
                at: Timestamp(rawValue: row["at"]),
                ahead: .microseconds(row["ahead"] as Int64),
                kind: Step.Kind(rawValue: row["kind"]) ?? .set
            )
        }
    }

    /// As a store that is only examined knows it, with what a reading adds; one of an earlier
    /// schema knows nothing.
    init(examined database: Database, at reading: ClockReading) throws {
        self.init()
        guard try database.tableExists("clock_step") else { return }
        self = try WallClock(database)
        _ = look(at: reading)
    }

    /// They are few, and change once in a while.
    fileprivate func writeSteps(to database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM clock_step").execute()
        for step in steps {
            try database.cachedStatement(sql: Self.insertStep).execute(arguments: [
                step.at.rawValue, step.ahead.microseconds, step.kind.rawValue,
            ])
        }
    }

    private static let lastSeen = """
        SELECT wall_lead, wall_boot, wall_seen FROM store WHERE id = 1
        """

    private static let knownSteps = "SELECT at, ahead, kind FROM clock_step ORDER BY id"

    private static let insertStep = "INSERT INTO clock_step (at, ahead, kind) VALUES (?, ?, ?)"
}
