package import Foundation
import GRDB

/// What `routing.payload_sha256` holds of a body: the digest of the bytes that were signed.
///
/// Nil for a body that has no such bytes.
package typealias PayloadDigest = @Sendable (_ body: Data, _ contentType: String) -> String?

/// What came of comparing stored bodies with the digests that were written when they were decided.
struct BodyComparison: Equatable {
    var compared = 0
    /// Not decided yet, or with a verdict that looked at no bytes: nothing tells whether they changed.
    var withoutDigest = 0
    var changed = 0
    /// The first of those that changed.
    var examples: [Int64] = []
    var isSample = false
    var bytes = 0

    var diagnosis: Diagnosis {
        func bodies(_ count: Int) -> String { count == 1 ? "1 body" : "\(count) bodies" }
        var text = ""
        if changed > 0 {
            let more = changed > examples.count ? ", …" : ""
            text =
                "changed since the decision: "
                + "deliveries \(examples.map(String.init).joined(separator: ", "))\(more) "
                + "(\(changed) of \(bodies(compared)))"
        } else {
            text = "unchanged since the decision: \(bodies(compared))"
        }
        if isSample { text += "; a sample" }
        if withoutDigest > 0 {
            text += "; \(bodies(withoutDigest)) without a digest: not decided, or not readable"
        }
        return Diagnosis(
            .rows,
            "bodies",
            changed == 0 ? .ok : .failure,
            text,
            hint: "Their bytes were altered, by the disk or by hand: take them from an earlier "
                + "backup, or have Gitea send them again (\"Redeliver\")."
        )
    }
}

extension Examination {
    /// Whether the bodies are those that were decided.
    ///
    /// - Parameters:
    ///   - quick: compares a sample.
    ///   - digest: computes what is compared.
    /// - Returns: one diagnosis, also of what cannot be compared.
    package func bodies(quick: Bool, digest: PayloadDigest) -> Diagnosis {
        do throws(StoreError) {
            return try compareBodies(quick: quick, digest: digest).diagnosis
        } catch {
            return Diagnosis(
                .rows,
                "bodies",
                .failure,
                "cannot be read: \(error)",
                hint: error.operatorHint
            )
        }
    }

    /// One body is in memory at a time, and a few dozen are one read: the log can be emptied between
    /// them.
    func compareBodies(
        quick: Bool,
        digest: PayloadDigest
    ) throws(StoreError) -> BodyComparison {
        var comparison = BodyComparison()
        var next: Int64 = 0
        guard quick else {
            while let last = try compare(from: next, Limits.historyBatch, digest, &comparison) {
                next = last + 1
            }
            return comparison
        }
        guard let numbers = try deliveryNumbers() else { return comparison }
        // Each time others, so that in the end all have been looked at.
        let stride = max(1, Int64(numbers.count) / Self.sampleMost)
        comparison.isSample = stride > 1
        for number in 0..<Self.sampleMost {
            let place = numbers.lowerBound + number * stride + Int64.random(in: 0..<stride)
            let found = try compare(from: max(next, place), 1, digest, &comparison)
            guard let last = found else { break }
            if comparison.bytes >= Self.sampleBytes {
                comparison.isSample = true
                break
            }
            next = last + 1
        }
        return comparison
    }

    private func deliveryNumbers() throws(StoreError) -> ClosedRange<Int64>? {
        try read { database -> ClosedRange<Int64>? in
            let row = try Row.fetchOne(database, sql: "SELECT min(seq), max(seq) FROM delivery")
            guard let row, let first = row[0] as Int64?, let last = row[1] as Int64? else {
                return nil
            }
            return first...last
        }
    }

    /// - Returns: the last delivery that was looked at; nil when there is none.
    private func compare(
        from first: Int64,
        _ count: Int,
        _ digest: PayloadDigest,
        _ comparison: inout BodyComparison
    ) throws(StoreError) -> Int64? {
        try read { database in
            var last: Int64?
            let rows = try Row.fetchCursor(
                database,
                sql: Self.decidedBodies,
                arguments: [first, count]
            )
            while let row = try rows.next() {
                let seq: Int64 = row[0]
                last = seq
                guard let known = row[2] as String?, let body = row[3] as Data? else {
                    comparison.withoutDigest += 1
                    continue
                }
                comparison.compared += 1
                comparison.bytes += body.count
                guard digest(body, row[1]) != known else { continue }
                comparison.changed += 1
                if comparison.examples.count < Self.changedShown { comparison.examples.append(seq) }
            }
            return last
        }
    }

    /// Some 2 MiB of ordinary deliveries, read in a tenth of a second.
    private static let sampleMost: Int64 = 200

    /// Of extraordinary ones no more than a second reads.
    private static let sampleBytes = 64 << 20

    private static let changedShown = 5

    /// What is not compared is not read.
    private static let decidedBodies = """
        SELECT delivery.seq, content_type, payload_sha256,
            CASE WHEN payload_sha256 IS NOT NULL THEN body END
        FROM delivery
        JOIN routing ON routing.delivery = delivery.seq
        WHERE delivery.seq >= ? AND body_pruned_at IS NULL
        ORDER BY delivery.seq
        LIMIT ?
        """
}
