import Foundation
import TestSupport
import Testing

@testable import QueueCore

/// The log is written again, byte by byte, below SQLite.
@Suite
struct LogFileTests {
    private func log(of path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
    }

    @Test
    func `a log of many frames stays as it is`() async throws {
        try await withStore { store, path in
            let large = Delivery.sample(id: "large", body: String(repeating: "x", count: 1_400_000))
            _ = try await store.accept { [large] }
            let before = try log(of: path)
            // More than what is read at once.
            #expect(before.count > 300 * 4096)
            try LogFile.writeAgain(ofStore: path)
            #expect(try log(of: path) == before)
            _ = try await store.accept { [.sample(id: "next")] }
        }
    }

    @Test
    func `frames of an earlier log behind this one stay as they are`() async throws {
        try await withStore { store, path in
            let large = Delivery.sample(id: "large", body: String(repeating: "x", count: 3_000_000))
            // So large that it is moved at once: the next commit begins the log anew.
            _ = try await store.accept { [large] }
            let length = try log(of: path).count
            _ = try await store.accept { [.sample(id: "next")] }
            let before = try log(of: path)
            #expect(before.count == length)
            try LogFile.writeAgain(ofStore: path)
            #expect(try log(of: path) == before)
            _ = try await store.accept { [.sample(id: "last")] }
        }
    }

    @Test
    func `a log that is missing or empty is no error`() async throws {
        try await withTemporaryFolder { folder in
            try LogFile.writeAgain(ofStore: folder + "/queue.db")
            let path = folder + "/queue.db-wal"
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            try LogFile.writeAgain(ofStore: folder + "/queue.db")
            #expect(FileManager.default.contents(atPath: path) == Data())
        }
    }
}
