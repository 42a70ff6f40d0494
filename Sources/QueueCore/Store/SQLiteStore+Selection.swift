import GRDB

extension SQLiteStore {
    package func jobs(matching selection: Selection) throws(StoreError) -> [JobID] {
        let filter = SelectionFilter(jobs: selection)
        return try read { database in
            try Int64.fetchAll(
                database,
                sql: "SELECT job.id \(filter.clause) ORDER BY job.id",
                arguments: filter.arguments
            ).map(JobID.init(rawValue:))
        }
    }

    package func deliveries(matching selection: Selection) throws(StoreError) -> [DeliverySeq] {
        let filter = SelectionFilter(deliveries: selection)
        return try read { database in
            try Int64.fetchAll(
                database,
                sql: "SELECT delivery.seq \(filter.clause) ORDER BY delivery.seq",
                arguments: filter.arguments
            ).map(DeliverySeq.init(rawValue:))
        }
    }
}

/// A selection as the FROM and WHERE of a statement.
///
/// The texts are fixed and the values bound; only what is asked for is in it, so that SQLite can
/// choose an index.
struct SelectionFilter {
    let clause: String
    let arguments: StatementArguments

    /// Over `job`, joined to its delivery when that matters.
    init(jobs selection: Selection) {
        var conditions = Conditions()
        conditions.addJob(selection)
        conditions.addDelivery(selection)
        var from = "FROM job"
        if conditions.needsDelivery { from += " JOIN delivery ON delivery.seq = job.delivery" }
        if conditions.needsRouting { from += " JOIN routing ON routing.delivery = job.delivery" }
        clause = from + conditions.whereClause
        arguments = conditions.arguments
    }

    /// Over decided deliveries that still have their body; what is said of jobs must be true of one of
    /// them.
    init(deliveries selection: Selection) {
        var ofJob = Conditions()
        ofJob.addJob(selection)
        var conditions = Conditions()
        conditions.addDelivery(selection)
        conditions.add("delivery.body_pruned_at IS NULL")
        // What waits to be routed for the first time would run twice.
        conditions.add("routing.verdict IS NOT NULL")
        if !ofJob.texts.isEmpty {
            conditions.add(
                """
                EXISTS (SELECT 1 FROM job WHERE job.delivery = delivery.seq AND \
                \(ofJob.texts.joined(separator: " AND ")))
                """,
                ofJob.arguments
            )
        }
        clause =
            "FROM delivery JOIN routing ON routing.delivery = delivery.seq"
            + conditions.whereClause
        arguments = conditions.arguments
    }

    private struct Conditions {
        var texts: [String] = []
        var arguments = StatementArguments()
        var needsDelivery = false
        var needsRouting = false

        var whereClause: String {
            texts.isEmpty ? "" : " WHERE " + texts.joined(separator: " AND ")
        }

        mutating func add(_ text: String, _ values: StatementArguments = []) {
            texts.append(text)
            arguments += values
        }

        mutating func addJob(_ selection: Selection) {
            // As a literal: so that partial indexes over a state can serve it.
            if let state = selection.state { add("job.state = '\(state.rawValue)'") }
            if selection.onlyDiscarded { add("job.died_at IS NOT NULL") }
            // Served by job_by_delivery, of which it reads the jobs of one delivery.
            if selection.onlyNewest {
                add(
                    """
                    NOT EXISTS (SELECT 1 FROM job AS later WHERE later.delivery = job.delivery \
                    AND later.route = job.route AND later.id > job.id \
                    AND later.state <> 'cancelled')
                    """
                )
            }
            if let handler = selection.handler { add("job.handler = ?", [handler.rawValue]) }
            if let route = selection.route { add("job.route = ?", [route]) }
            if let lane = selection.lane { add("job.lane = ?", [lane]) }
            if let repo = selection.repo { add("job.repo = ?", [repo]) }
            if let delivery = selection.delivery { add("job.delivery = ?", [delivery.rawValue]) }
            if let reason = selection.reason {
                add("instr(lower(job.reason), lower(?)) > 0", [reason])
            }
        }

        mutating func addDelivery(_ selection: Selection) {
            if let since = selection.since {
                add("delivery.received_at >= ?", [since.rawValue])
                needsDelivery = true
            }
            if let until = selection.until {
                add("delivery.received_at < ?", [until.rawValue])
                needsDelivery = true
            }
            if let type = selection.eventType {
                add("delivery.event_type = ?", [type])
                needsDelivery = true
            }
            if let verdict = selection.verdict {
                add("routing.verdict = ?", [verdict.rawValue])
                needsRouting = true
            }
        }
    }
}
