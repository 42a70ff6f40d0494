import GRDB
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite
struct IngressCrashTests {
    @Test
    func `SIGKILL of the ingress under load loses no acknowledged delivery`() async throws {
        try await Site.with { site in
            let acknowledged = Acknowledged()
            for round in 1...5 {
                let ingress = try site.startIngress()
                let before = acknowledged.count
                // Anywhere between the first commits and the first checkpoints.
                let moment = before + Int.random(in: 1...400)
                await withTaskGroup(of: Void.self) { group in
                    for _ in 1...8 {
                        group.addTask { post(to: ingress, noting: acknowledged) }
                    }
                    group.addTask {
                        // In vain: then the expectation below tells.
                        try? waitUntil("\(moment) acknowledgements") {
                            acknowledged.count >= moment
                        }
                        ingress.program.killNow()
                    }
                }
                let sent = acknowledged.seqs
                #expect(sent.count >= moment, "round \(round)")
                let stored = try site.reader.rows("SELECT seq, delivery_id FROM delivery")
                let seqs = Dictionary(
                    uniqueKeysWithValues: stored.map {
                        ($0["delivery_id"] as String, $0["seq"] as Int)
                    }
                )
                let lost = sent.filter { seqs[$0.key] != $0.value }
                #expect(lost.isEmpty, "round \(round), killed after \(moment)")
                #expect(try site.reader.texts("PRAGMA integrity_check") == ["ok"])
            }
            // And every one of them is still to be routed.
            #expect(
                try site.reader.number("SELECT count(*) FROM routing WHERE verdict IS NULL")
                    == site.deliveries
            )
        }
    }
}

/// What the clients were told was accepted.
private final class Acknowledged: Sendable {
    private let noted = Mutex<[String: Int]>([:])

    /// The seqs by delivery id.
    var seqs: [String: Int] { noted.withLock(\.self) }

    var count: Int { noted.withLock(\.count) }

    func note(_ id: String, _ seq: Int) {
        noted.withLock { $0[id] = seq }
    }
}

/// Posts fresh deliveries on one connection until the ingress is gone, noting what it acknowledged.
private func post(to ingress: RunningIngress, noting acknowledged: Acknowledged) {
    do {
        let connection = try ingress.connect()
        while true {
            let request = Request()
            try connection.send(request.bytes)
            let reply = try connection.reply()
            guard reply.status == 202, let id = request.id else {
                Issue.record("an answer under load: \(reply.status) \(reply.text)")
                return
            }
            let seq = try Stored(reply).seq
            acknowledged.note(id, seq)
        }
    } catch {
        // The ingress was killed: what was not acknowledged may be lost.
    }
}
