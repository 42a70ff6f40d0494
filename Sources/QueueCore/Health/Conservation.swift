/// Counts of all that ever came in, to prove that nothing of it disappeared.
package struct Conservation: Equatable, Sendable {
    /// Numbers are given in a row, so each one given is a row there, or one that was counted when
    /// it went.
    package struct Ledger: Equatable, Sendable {
        /// The last number that was given.
        package var given: Int64
        package var present: Int64
        package var pruned: Int64
        /// Numbers that were never given: a restore leaves some out.
        package var skipped: Int64

        package init(given: Int64, present: Int64, pruned: Int64, skipped: Int64) {
            self.given = given
            self.present = present
            self.pruned = pruned
            self.skipped = skipped
        }

        /// Rows that are gone and nobody knows why; negative when there are too many.
        package var missing: Int64 { given - present - pruned - skipped }
    }

    package var deliveries: Ledger
    package var jobs: Ledger
    /// Deliveries by verdict; those that wait are `waiting`.
    package var verdicts: [String: Int64]
    package var states: [String: Int64]

    package init(
        deliveries: Ledger,
        jobs: Ledger,
        verdicts: [String: Int64],
        states: [String: Int64]
    ) {
        self.deliveries = deliveries
        self.jobs = jobs
        self.verdicts = verdicts
        self.states = states
    }

    package var diagnoses: [Diagnosis] {
        [
            ledger(deliveries, check: "deliveries_are_all_there", "deliveries"),
            sum(
                verdicts,
                of: deliveries.present,
                check: "accepted_is_decided_or_waits",
                "deliveries"
            ),
            ledger(jobs, check: "jobs_are_all_there", "jobs"),
            sum(states, of: jobs.present, check: "jobs_are_live_or_ended", "jobs"),
        ]
    }

    private func ledger(_ ledger: Ledger, check: String, _ noun: String) -> Diagnosis {
        var parts = ["\(ledger.present) there"]
        if ledger.pruned != 0 { parts.append("\(ledger.pruned) pruned") }
        if ledger.skipped != 0 { parts.append("\(ledger.skipped) numbers skipped") }
        let account = "\(ledger.given) \(noun) numbered = \(parts.joined(separator: " + "))"
        switch ledger.missing {
        case 0: return Diagnosis(.rows, check, .ok, account)
        case let missing:
            let what = missing > 0 ? "\(missing) missing" : "\(-missing) too many"
            return Diagnosis(
                .rows,
                check,
                .failure,
                "\(account): \(what)",
                hint: "Somebody changed the store by hand, or it is damaged: compare with the "
                    + "latest backup before anything else."
            )
        }
    }

    /// Each row is counted under one word, so the words add up to the rows.
    private func sum(
        _ counts: [String: Int64],
        of total: Int64,
        check: String,
        _ noun: String
    ) -> Diagnosis {
        let listed = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.value) \($0.key)" }.joined(separator: " + ")
        let account = "\(total) \(noun) = \(listed.isEmpty ? "none" : listed)"
        let counted = counts.values.reduce(0, +)
        guard counted != total else { return Diagnosis(.rows, check, .ok, account) }
        return Diagnosis(
            .rows,
            check,
            .failure,
            "\(account), which are \(counted)",
            hint: "Rows were deleted or added by hand: compare with the latest backup."
        )
    }
}
