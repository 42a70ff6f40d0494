import Foundation
import GRDB
import TestSupport
import Testing

@testable import QueueCore

@Suite
struct CheckpointTests {
    @Test
    func `the log stays small over thousands of commits`() async throws {
        try await withStore { store, path in
            var longest = 0
            for number in 0..<3000 {
                let delivery = Delivery.sample(id: "id-\(number)", body: Self.body)
                _ = try await store.accept { [delivery] }
                longest = max(longest, await store.logPages)
            }
            // A stranger's shell checkpoints by itself from 1000 pages on.
            #expect(longest < 1000)
            #expect(longest > Limits.checkpointPages / 2)
            #expect(try size(path + "-wal") < 1000 * 4200)
            // What left the log is in the database.
            #expect(try size(path) > 3000 * 2048)
        }
    }

    @Test
    func `the log grows while somebody reads, and is small again afterwards`() async throws {
        try await withStore { store, path in
            _ = try await store.accept { [.sample(id: "first")] }
            let shell = try Shell(path)
            try shell.run("BEGIN")
            #expect(try shell.strings("SELECT count(*) FROM delivery") == ["1"])
            for number in 0..<400 {
                let delivery = Delivery.sample(id: "id-\(number)", body: Self.body)
                _ = try await store.accept { [delivery] }
            }
            let longest = try size(path + "-wal")
            #expect(longest > 1000 * 4096)
            #expect(try shell.strings("SELECT count(*) FROM delivery") == ["1"])
            try shell.run("COMMIT")
            for number in 0..<400 {
                let delivery = Delivery.sample(id: "late-\(number)", body: Self.body)
                _ = try await store.accept { [delivery] }
                let pages = await store.logPages
                // A blocked checkpoint is tried again after a few commits, not at each.
                if number >= 16 { #expect(pages < 1000) }
            }
            // The file keeps its length; what was written since went over the old log.
            #expect(try size(path + "-wal") <= longest + 1000 * 4200)
        }
    }

    @Test
    func `a checkpoint that a stranger keeps from running loses nothing`() async throws {
        try await withStore { store, path in
            let large = Delivery.sample(
                id: "large",
                body: String(repeating: "x", count: Limits.checkpointPages * 4096)
            )
            let shell = try Shell(path)
            try shell.run("BEGIN")
            _ = try shell.strings("SELECT count(*) FROM delivery")
            _ = try await store.accept { [large] }
            try shell.run("COMMIT")
            _ = try await store.accept { [.sample(id: "small")] }
            #expect(try await store.status().deliveries == 2)
        }
    }

    @Test
    func `two stores on one file see what the other wrote, through checkpoints`() async throws {
        try await withStore { store, path in
            let other = try SQLiteStore(path: path)
            for number in 0..<600 {
                let delivery = Delivery.sample(id: "id-\(number)", body: Self.body)
                let writer = number % 2 == 0 ? store : other
                #expect(
                    try await writer.accept { [delivery] }
                        == [.accepted(DeliverySeq(rawValue: Int64(number) + 1))]
                )
            }
            #expect(try await store.status().deliveries == 600)
            #expect(try await other.status().deliveries == 600)
            try await other.close()
        }
    }

    @Test
    func `a log that another store moved does not grow to where a reader once held it`()
        async throws
    {
        try await withStore { store, path in
            func write(_ count: Int, _ name: String, to store: SQLiteStore) async throws {
                for number in 0..<count {
                    let delivery = Delivery.sample(id: "\(name)-\(number)", body: Self.body)
                    _ = try await store.accept { [delivery] }
                }
            }
            _ = try await store.accept { [.sample(id: "first")] }
            let other = try SQLiteStore(path: path)
            let shell = try Shell(path)
            try shell.run("BEGIN")
            _ = try shell.strings("SELECT count(*) FROM delivery")
            try await write(400, "held", to: store)
            #expect(await store.logPages > 1000)
            try shell.run("COMMIT")
            try await write(20, "other", to: other)
            for round in 0..<40 {
                try await write(10, "after-\(round)", to: store)
                #expect(await store.logPages < 1000)
            }
            try await other.close()
        }
    }

    private static let body = String(repeating: "x", count: 8192)

    private func size(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.size] as? Int)
    }
}
