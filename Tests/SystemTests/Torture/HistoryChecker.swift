import Foundation
import TestSupport
import Testing

/// Compares what handlers noted and what clients were told with what the store says afterwards.
struct HistoryChecker {
    let site: Site

    /// Everything that does not agree.
    func findings() throws -> [String] {
        try collisions() + starts() + ends() + deaths() + conservation()
    }

    /// Noted by handlers that were not alone.
    private func collisions() -> [String] {
        site.lines("collided").map { "two at once: \($0)" }
    }

    private func tokens(_ kind: String) -> [String] {
        site.lines("events").compactMap { line in
            let words = line.split(separator: " ")
            return words.count == 3 && words[0] == kind ? String(words[1]) : nil
        }
    }

    /// Each attempt starts once, and is known.
    private func starts() throws -> [String] {
        let known = try Set(site.reader.texts("SELECT job || '.' || number FROM attempt"))
        let counts: [String: Int] = tokens("start").reduce(into: [:]) { $0[$1, default: 0] += 1 }
        return counts.filter { $0.value > 1 }.map { "attempt \($0.key) started \($0.value) times" }
            + counts.keys.filter { !known.contains($0) }.map { "attempt \($0) is not known" }
    }

    /// What is called done was done, by the attempt that counts.
    private func ends() throws -> [String] {
        let ended = Set(tokens("end"))
        let done = try site.reader.texts(
            "SELECT job || '.' || number FROM attempt WHERE outcome = 'done'"
        )
        let undone = try site.reader.texts(
            """
            SELECT id FROM job WHERE state = 'done' AND NOT EXISTS (
                SELECT 1 FROM attempt
                WHERE attempt.job = job.id AND number = job.attempt AND outcome = 'done')
            """
        )
        return done.filter { !ended.contains($0) }.map { "attempt \($0) is done and did not end" }
            + undone.map { "job \($0) is done without an attempt that was" }
    }

    /// No handler but `flaky` ever fails: only one whose workers died again and again is dead.
    private func deaths() throws -> [String] {
        try site.reader.texts(
            """
            SELECT 'job ' || id || ' of ' || handler || ' is dead: ' || reason FROM job
            WHERE state = 'dead' AND handler <> 'flaky' AND reason NOT LIKE 'quarantined%'
            """
        )
    }

    private static let promises: Set = [
        "integrity_check", "foreign_keys", "deliveries_are_all_there",
        "accepted_is_decided_or_waits", "jobs_are_all_there", "jobs_are_live_or_ended",
        "invariants",
    ]

    /// What `samovar doctor` says of the rows.
    private func conservation() throws -> [String] {
        let doctor = try site.start(Binaries.samovar, arguments: ["doctor", "--json"])
        try doctor.awaitExit()
        let report = try JSONSerialization.jsonObject(with: Data(doctor.output.utf8))
        let checks = try #require((report as? [String: Any])?["checks"] as? [[String: Any]])
        let promised = checks.filter { check in
            Self.promises.contains(check["check"] as? String ?? "")
        }
        try #require(promised.count >= Self.promises.count, "\(doctor.output)")
        return promised.filter { check in
            ["warning", "failure"].contains(check["level"] as? String ?? "")
        }.map { "doctor: \($0["text"] ?? "")" }
    }
}
