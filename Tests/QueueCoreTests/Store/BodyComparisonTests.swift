import Foundation
import TestSupport
import Testing

@testable import QueueCore

/// Stands for the digest that routing makes, which this layer does not know.
let digestOfTests: PayloadDigest = { body, _ in "digest of \(String(decoding: body, as: UTF8.self))"
}

@Suite
struct BodyComparisonTests {
    private static func body(_ number: Int) -> String { #"{"needle":"number \#(number)"}"# }

    /// A closed store with decided deliveries, and one that waits.
    private func withSite(
        decided count: Int = 3,
        _ body: (_ store: String, _ folder: String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            let store = try SQLiteStore(path: path, clocks: TestClock().clocks)
            let deliveries = (1...count + 1).map {
                Delivery.sample(id: "\($0)", body: Self.body($0))
            }
            _ = try await store.accept { deliveries }
            let decisions = (1...count).map { number in
                Decision(
                    target: .delivery(DeliverySeq(rawValue: Int64(number))),
                    verdict: .ignored,
                    reason: "no route matches",
                    explanation: "{}",
                    payloadSHA256: digestOfTests(Data(Self.body(number).utf8), ""),
                    jobs: []
                )
            }
            _ = try await store.decide(decisions)
            try await store.close()
            try await body(path, folder)
        }
    }

    /// Alters bytes of a delivery's body in a file, as a disk does.
    private func damage(_ file: String, delivery: Int) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        let place = try #require(bytes.range(of: Data(Self.body(delivery).utf8)))
        bytes.replaceSubrange(
            place.lowerBound + 2..<place.lowerBound + 8,
            with: Data("middle".utf8)
        )
        try bytes.write(to: URL(fileURLWithPath: file))
    }

    private func examine(_ store: String, quick: Bool) throws -> Diagnosis {
        let examination = try Examination(path: store)
        defer { try? examination.close() }
        return examination.bodies(quick: quick, digest: digestOfTests)
    }

    private func backUp(_ store: String, to file: String) throws -> Backup {
        let examination = try Examination(path: store)
        defer { try? examination.close() }
        return try examination.backUp(to: file, replacing: false, digest: digestOfTests)
    }

    @Test(arguments: [false, true])
    func `six bytes of a body that changed are found`(quick: Bool) async throws {
        try await withSite { store, _ in
            let sound = try examine(store, quick: quick)
            #expect(sound.level == .ok)
            #expect(
                sound.text == "unchanged since the decision: 3 bodies; "
                    + "1 body without a digest: not decided, or not readable"
            )
            try damage(store, delivery: 2)
            let found = try examine(store, quick: quick)
            #expect(found.level == .failure)
            #expect(found.text.hasPrefix("changed since the decision: deliveries 2 (1 of 3"))
        }
    }

    @Test
    func `a quick look at many bodies is a sample`() async throws {
        try await withSite(decided: 450) { store, _ in
            let quick = try examine(store, quick: true)
            #expect(
                quick.text.hasPrefix("unchanged since the decision: 200 bodies; a sample")
            )
            #expect(try examine(store, quick: false).text.contains(": 450 bodies;"))
        }
    }

    @Test
    func `a store whose bodies changed makes no backup`() async throws {
        try await withSite { store, folder in
            #expect(try backUp(store, to: folder + "/sound.db").bodiesWithoutDigest == 1)
            try damage(store, delivery: 1)
            let error = #expect(throws: BackupError.self) {
                try backUp(store, to: folder + "/b.db")
            }
            guard case .unsound(_, let findings) = error else {
                Issue.record("the error is \(String(describing: error))")
                return
            }
            #expect(findings.count == 1 && findings[0].contains("deliveries 1 "))
            #expect(!FileManager.default.fileExists(atPath: folder + "/b.db"))
        }
    }

    @Test
    func `a backup whose bodies changed is not restored`() async throws {
        try await withSite { store, folder in
            _ = try backUp(store, to: folder + "/b.db")
            let restore = Restore(
                file: folder + "/b.db",
                store: folder + "/site/queue.db",
                digest: digestOfTests
            )
            try damage(folder + "/b.db", delivery: 3)
            let error = await #expect(throws: BackupError.self) { try await restore.run() }
            #expect(error?.description.contains("deliveries 3 ") == true)
            #expect(error?.isRefusal == true)
            #expect(!FileManager.default.fileExists(atPath: folder + "/site/queue.db"))
        }
    }

    @Test(
        arguments: [
            (0, "it is empty"), (60, "it is cut off after 60 bytes"),
            (5000, "it is cut off after 5000 of "), (-1, "it is cut off after "),
        ]
    )
    func `a backup that is cut off is refused, and that is said`(
        length: Int,
        text: String
    ) async throws {
        try await withSite { store, folder in
            _ = try backUp(store, to: folder + "/b.db")
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/b.db"))
            try bytes.prefix(length < 0 ? bytes.count + length : length)
                .write(to: URL(fileURLWithPath: folder + "/b.db"))
            let restore = Restore(
                file: folder + "/b.db",
                store: folder + "/site/queue.db",
                digest: digestOfTests
            )
            let error = await #expect(throws: BackupError.self) { try await restore.run() }
            #expect(error?.isRefusal == true)
            #expect(error?.description.contains(text) == true, "\(String(describing: error))")
        }
    }
}
