import QueueCore

/// What an operator is told about a wish that was carried out.
struct JobAnswer {
    let wish: JobWish
    let changes: JobChanges

    /// Ids that a line names at most.
    private static let idsMax = 20

    /// What was done, when the last one is due, and how to undo it; empty when nothing was.
    func text(paceNote: String?) -> String {
        var lines: [String] = []
        let (changed, stopping) = (changes.changed, changes.stopping)
        if !changed.isEmpty {
            let count = Quantity.count(changed.count, "job")
            lines.append("\(wish.participle) \(count): \(Self.list(changed))")
        }
        if !stopping.isEmpty {
            let runs =
                stopping.count == 1 ? "runs and is being stopped" : "run and are being stopped"
            let count = Quantity.count(stopping.count, "job")
            lines.append("\(count) \(runs), then cancelled: \(Self.list(stopping))")
        }
        if let paceNote { lines.append(paceNote) }
        if !changed.isEmpty, let undo = undo(changed) { lines.append(undo) }
        return lines.map { "\($0)\n" }.joined()
    }

    private func undo(_ changed: [JobID]) -> String? {
        let ids = changed.count <= Self.idsMax ? Self.words(changed) : "JOB… (--json has all ids)"
        switch wish {
        case .requeue: return "undo while they wait: samovar jobs cancel \(ids)"
        case .discard: return "undo until they are pruned: samovar dead undiscard \(ids)"
        case .cancel: return "run one again: samovar replay DELIVERY (`samovar jobs show` names it)"
        case .retryNow, .undiscard: return nil
        }
    }

    /// One object for each job that was changed.
    var json: [JSONValue] {
        changes.answers.compactMap { job, change in
            switch change {
            case .changed: (job, doneWord)
            case .willStop: (job, "stopping")
            case .refused, .discarded, .bodyPruned, .unknown: nil
            }
        }.map { (job: JobID, word: String) in
            .object([("id", .integer(job.rawValue)), ("change", .string(word))])
        }
    }

    private var doneWord: String {
        switch wish {
        case .cancel: "cancelled"
        case .retryNow: "due"
        case .requeue: "requeued"
        case .discard: "discarded"
        case .undiscard: "dead"
        }
    }

    /// Remarks about those that were not changed: each one that was named, the number of those
    /// that a filter chose.
    func notes(isFilter: Bool) -> [String] {
        guard isFilter else {
            return changes.answers.compactMap { wish.refusal($0.job, $0.change) }
        }
        let pruned = changes.answers.count { $0.change == .bodyPruned }
        let others = changes.answers.count {
            switch $0.change {
            case .refused, .discarded, .unknown: true
            case .changed, .willStop, .bodyPruned: false
            }
        }
        var notes: [String] = []
        if pruned > 0 {
            let stay = pruned == 1 ? "stays" : "stay"
            notes.append(
                "\(Quantity.count(pruned, "job")) \(stay) dead: the bodies of their deliveries are "
                    + "pruned, nothing is left to hand to a handler"
            )
        }
        if others > 0 {
            notes.append(
                "\(Quantity.count(others, "job")) changed meanwhile, and stayed as they were"
            )
        }
        return notes
    }

    private static func list(_ jobs: [JobID]) -> String {
        let shown = jobs.prefix(idsMax).map(\.description).joined(separator: ", ")
        return jobs.count > idsMax ? "\(shown) and \(jobs.count - idsMax) more" : shown
    }

    private static func words(_ jobs: [JobID]) -> String {
        jobs.map(\.description).joined(separator: " ")
    }
}
