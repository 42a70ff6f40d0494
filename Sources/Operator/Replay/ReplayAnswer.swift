import QueueCore

/// What an operator is told about replays that were asked for.
struct ReplayAnswer {
    /// Those that were chosen.
    let seqs: [DeliverySeq]
    let requests: ReplayRequests
    /// When the last one is due.
    let lastAt: Timestamp
    let paceNote: String?
    /// The one route that may make jobs; nil for all of them.
    var onlyRoute: String?

    /// What was done, and how to undo it.
    var text: String {
        let batches = requests.batches
        let ids = batches.map { "\($0.id)" }.joined(separator: " ")
        var lines: [String] = []
        if seqs.count == 1 {
            lines.append(
                "delivery \(seqs[0]) will be routed again; "
                    + "`samovar deliveries show \(seqs[0])` shows its jobs"
            )
        } else {
            let names = batches.count == 1 ? "batch \(ids)" : "batches \(ids)"
            let count = ReplayStartCommand.count(requests.count)
            lines.append("\(count) will be routed again (\(names))")
        }
        if let onlyRoute {
            lines.append("only route \(VisibleText.line(onlyRoute)) may make jobs")
        }
        if let paceNote { lines.append(paceNote) }
        lines.append("undo while they wait: samovar replay cancel \(ids)")
        return lines.map { "\($0)\n" }.joined()
    }

    /// Remarks about those that will not be.
    var notes: [String] {
        var notes: [String] = []
        let leftOut = requests.leftOut
        if leftOut > 0 {
            let were = leftOut == 1 ? "was" : "were"
            notes.append(
                "\(ReplayStartCommand.count(leftOut)) \(were) pruned meanwhile, and left out"
            )
        }
        let rest = seqs.count - requests.count - leftOut
        if rest > 0 {
            let are = rest == 1 ? "is" : "are"
            notes.append("the last \(ReplayStartCommand.count(rest)) \(are) not in these batches:")
        }
        return notes
    }

    /// The members of one object.
    var members: [(name: String, value: JSONValue)] {
        let batches = requests.batches.map { batch in
            JSONValue.object([
                ("batch", .integer(batch.id)), ("deliveries", .integer(Int64(batch.count))),
            ])
        }
        return [
            ("deliveries", .integer(Int64(requests.count))), ("batches", .array(batches)),
            ("left_out", .integer(Int64(requests.leftOut))), ("last_at", .time(lastAt)),
        ]
    }
}
