import Foundation
import TestSupport
import Testing

@testable import QueueCore

@Suite
struct SpoolFileTests {
    private let now = TestClock().now

    private func open(_ path: String, bytesMax: Int = 1 << 30) throws -> SpoolFile {
        try SpoolFile(path: path, bytesMax: bytesMax, now: now)
    }

    private func ids(_ spool: SpoolFile) throws -> [String] {
        var ids: [String] = []
        while let batch = try spool.read(atMost: 1) {
            ids += batch.deliveries.map(\.id.rawValue)
            spool.markImported(batch)
        }
        return ids
    }

    // MARK: What is kept

    @Test
    func `a delivery comes back as it was, with every field`() async throws {
        try await withTemporaryFolder { folder in
            let full = Delivery(
                source: "mirror",
                id: DeliveryID(rawValue: "f-1"),
                event: "push",
                eventType: "push",
                targetType: "organization",
                receivedAt: Timestamp(rawValue: 1_700_000_000_123_456),
                remote: "192.0.2.7",
                contentType: "application/json",
                headers: #"{"X-Gitea-Event":"push"}"#,
                verifiedBy: "2026-11",
                body: Data((0...255).map { UInt8($0) })
            )
            var empty = Delivery.sample(id: "f-2", body: "")
            (empty.event, empty.targetType, empty.verifiedBy, empty.headers) = ("", nil, nil, "")
            empty.receivedAt = Timestamp(rawValue: -1)
            let path = folder + "/spool"
            let first = try open(path)
            #expect(try first.append([full, empty]) == 2)
            _ = consume first

            let second = try open(path)
            let batch = try #require(try second.read(atMost: 1 << 20))
            #expect(batch.deliveries.map(Fields.init) == [full, empty].map(Fields.init))
            #expect(second.depth.deliveries == 2)
            #expect(second.depth.oldest == full.receivedAt)
        }
    }

    @Test
    func `deliveries come back in their order until they are imported`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/spool"
            let spool = try open(path)
            for number in 1...5 { _ = try spool.append([.sample(id: "d\(number)")]) }
            let batch = try #require(try spool.read(atMost: 1))
            #expect(batch.deliveries.map(\.id.rawValue) == ["d1"])
            spool.markImported(batch)
            try spool.emptyWhenImported()
            #expect(try ids(spool) == ["d2", "d3", "d4", "d5"])
            #expect(spool.depth.bytes == 0)
            // Not yet emptied: a crash now costs another import, and loses nothing.
            #expect(try SpoolContents(file: path, store: folder + "/queue.db").deliveries == 5)
            try spool.emptyWhenImported()
            #expect(try SpoolContents(file: path, store: folder + "/queue.db").deliveries == 0)
            _ = try spool.append([.sample(id: "d6")])
            #expect(try ids(spool) == ["d6"])
        }
    }

    @Test
    func `it remembers whose deliveries it holds`() async throws {
        try await withTemporaryFolder { folder in
            let uuid = UUID().uuidString.lowercased()
            let first = try open(folder + "/spool")
            #expect(first.store == nil)
            try first.belong(to: uuid)
            _ = try first.append([.sample(id: "a")])
            _ = consume first
            let second = try open(folder + "/spool")
            #expect(second.store == uuid)
            #expect(try ids(second) == ["a"])
        }
    }

    @Test
    func `a full spool takes what there is room for, and refuses the rest`() async throws {
        try await withTemporaryFolder { folder in
            let body = String(repeating: "x", count: 1000)
            let spool = try open(folder + "/spool", bytesMax: 3000)
            let three = ["a", "b", "c"].map { Delivery.sample(id: $0, body: body) }
            #expect(try spool.append(three) == 2)
            #expect(throws: SpoolError.full(file: spool.path, bytesMax: 3000)) {
                try spool.append([three[2]])
            }
            #expect(try ids(spool) == ["a", "b"])
            try spool.emptyWhenImported()
            #expect(try spool.append([three[2]]) == 1)
        }
    }

    // MARK: After a crash

    @Test
    func `an append that was cut short anywhere is cut off, and nothing else is lost`()
        async throws
    {
        try await withTemporaryFolder(inMemory: true) { folder in
            let path = folder + "/spool"
            let spool = try open(path)
            _ = try spool.append([.sample(id: "a"), .sample(id: "b")])
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            _ = try spool.append([.sample(id: "c")])
            let longer = try Data(contentsOf: URL(fileURLWithPath: path))
            _ = consume spool
            for length in whole.count..<longer.count {
                try longer[..<length].write(to: URL(fileURLWithPath: path))
                let spool = try open(path)
                let torn = length - whole.count
                let leftover = SpoolFile.Leftover(file: path, bytes: torn)
                #expect(spool.leftover == (torn == 0 ? nil : leftover))
                #expect(spool.depth.deliveries == 2)
                _ = try spool.append([.sample(id: "d")])
                #expect(try ids(spool) == ["a", "b", "d"])
            }
        }
    }

    @Test
    func `zeros that a power cut left at the end are an append that was cut short`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/spool"
            _ = try open(path).append([.sample(id: "a")])
            try append(Data(count: 5000), to: path)
            let spool = try open(path)
            #expect(spool.leftover == SpoolFile.Leftover(file: path, bytes: 5000))
            #expect(try ids(spool) == ["a"])
        }
    }

    @Test
    func `a header that was cut short is written again`() async throws {
        try await withTemporaryFolder { folder in
            for length in 0..<SpoolFormat.headerLength {
                let path = folder + "/spool\(length)"
                try Data(SpoolFormat.header(store: nil)[..<length])
                    .write(to: URL(fileURLWithPath: path))
                let spool = try open(path)
                _ = try spool.append([.sample(id: "a")])
                #expect(try ids(spool) == ["a"])
            }
        }
    }

    // MARK: After a disk's mistake

    /// A spool with one frame for each of `a`, `b` and `c`, changed on its disk.
    ///
    /// - Returns: what was in the file then, and where its frames begin.
    private func damage(
        _ path: String,
        _ change: (inout Data, [Int]) -> Void
    ) throws -> (bytes: Data, starts: [Int]) {
        let spool = try open(path)
        var starts: [Int] = []
        for id in ["a", "b", "c"] {
            starts.append(try Data(contentsOf: URL(fileURLWithPath: path)).count)
            _ = try spool.append([.sample(id: id)])
        }
        _ = consume spool
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        change(&bytes, starts)
        try bytes.write(to: URL(fileURLWithPath: path))
        return (bytes, starts)
    }

    @Test(arguments: [0, 1, 2])
    func `a damaged frame is set aside, and the sound ones behind it are imported`(
        frame: Int
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/spool"
            let (bytes, starts) = try damage(path) { bytes, starts in
                bytes[starts[frame] + SpoolFormat.headLength + 30] ^= 0x10
            }
            let damaged = try open(path)
            var leftover = damaged.leftover
            var found: [String] = []
            do throws(SpoolError) {
                while let batch = try damaged.read(atMost: 1) {
                    found += batch.deliveries.map(\.id.rawValue)
                    damaged.markImported(batch)
                }
            } catch {
                #expect(error == .damaged(file: path, offset: starts[frame]))
                leftover = try damaged.setAsideDamage(now: now)
                found += try ids(damaged)
            }
            #expect(
                found
                    == ["a", "b", "c"].enumerated().filter { $0.offset != frame }.map { $0.element }
            )
            #expect(damaged.depth.deliveries == 0)
            #expect(damaged.depth.bytes == 0)
            let end = frame < 2 ? starts[frame + 1] : bytes.count
            let kept = try #require(leftover?.setAside)
            #expect(leftover?.bytes == end - starts[frame])
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: kept)) == bytes[starts[frame]..<end]
            )
            try damaged.emptyWhenImported()
            let contents = try SpoolContents(file: path, store: folder + "/queue.db")
            #expect(contents.setAside == [kept])
            _ = try damaged.append([.sample(id: "d")])
            #expect(try ids(damaged) == ["d"])
        }
    }

    @Test
    func `a flipped bit in a head costs nothing, wherever it is`() async throws {
        try await withTemporaryFolder { folder in
            for bit in 0..<8 * SpoolFormat.headLength {
                let path = "\(folder)/spool-\(bit)"
                _ = try damage(path) { bytes, starts in
                    bytes[starts[1] + bit / 8] ^= 1 << UInt8(bit % 8)
                }
                let spool = try open(path)
                #expect(spool.leftover == nil)
                #expect(spool.depth.deliveries == 3)
                #expect(try ids(spool) == ["a", "b", "c"])
            }
        }
    }

    @Test
    func `a head that cannot be read any more is set aside with all that follows`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/spool"
            let (bytes, starts) = try damage(path) { bytes, starts in
                for place in 4..<8 { bytes[starts[1] + place] ^= 0xFF }
            }
            let damaged = try open(path)
            let kept = try #require(damaged.leftover?.setAside)
            #expect(try Data(contentsOf: URL(fileURLWithPath: kept)) == bytes[starts[1]...])
            #expect(try ids(damaged) == ["a"])
        }
    }

    @Test
    func `somebody's file is refused with its mode as it was`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/notes.txt"
            try Data(repeating: 0x61, count: 100).write(to: URL(fileURLWithPath: path))
            _ = unsafe chmod(path, 0o644)
            #expect(throws: SpoolError.notASpool(file: path)) { try open(path) }
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect((mode as? NSNumber)?.intValue == 0o644)
        }
    }

    // MARK: Taken away

    @Test
    func `a file that was taken away takes nothing more until it is put back`() async throws {
        try await withTemporaryFolder { folder in
            let (path, away) = (folder + "/spool", folder + "/away")
            let spool = try open(path)
            _ = try spool.append([.sample(id: "a")])
            let length = try Data(contentsOf: URL(fileURLWithPath: path)).count
            try FileManager.default.moveItem(atPath: path, toPath: away)
            for id in ["b", "c"] {
                #expect(throws: SpoolError.lost(file: path)) {
                    try spool.append([.sample(id: id)])
                }
                #expect(spool.trouble == .lost(file: path))
                // Another one in its place is not the one that is open.
                try Data().write(to: URL(fileURLWithPath: path))
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: away)).count == length)
            #expect(spool.depth.deliveries == 1)
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: away, toPath: path)
            #expect(try spool.append([.sample(id: "d")]) == 1)
            #expect(spool.trouble == nil)
            #expect(try ids(spool) == ["a", "d"])
        }
    }

    // MARK: What is refused

    @Test
    func `a file of somebody else is not touched`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/diary"
            let diary = Data("Dear diary, today I made tea.".utf8)
            try diary.write(to: URL(fileURLWithPath: path))
            #expect(throws: SpoolError.notASpool(file: path)) { try open(path) }
            #expect(throws: SpoolError.notASpool(file: path)) {
                try SpoolContents(file: path, store: folder + "/queue.db")
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == diary)
        }
    }

    @Test
    func `a missing folder and a link are refused`() async throws {
        try await withTemporaryFolder { folder in
            #expect(throws: SpoolError.self) { try open(folder + "/missing/spool") }
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/link",
                withDestinationPath: folder + "/elsewhere"
            )
            #expect(throws: SpoolError.self) { try open(folder + "/link") }
            #expect(!FileManager.default.fileExists(atPath: folder + "/elsewhere"))
        }
    }

    @Test
    func `two processes cannot have one spool`() async throws {
        try await withTemporaryFolder { folder in
            let first = try open(folder + "/spool")
            #expect(throws: SpoolError.inUse(file: first.path)) { try open(folder + "/spool") }
            withExtendedLifetime(first) {}
        }
    }

    @Test
    func `nobody else may read it`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/spool"
            try Data().write(to: URL(fileURLWithPath: path))
            unsafe chmod(path, 0o644)
            withExtendedLifetime(try open(path)) {}
            var info = stat()
            #expect(unsafe stat(path, &info) == 0)
            #expect(info.st_mode & 0o777 == 0o600)
        }
    }

    @Test
    func `what the store refused is kept in a file of its own`() async throws {
        try await withTemporaryFolder { folder in
            let spool = try open(folder + "/spool")
            for id in ["a", "b"] { try spool.keepRefused([.sample(id: id)], now: now) }
            #expect(try ids(try open(folder + "/spool.refused")) == ["a", "b"])
        }
    }

    @Test
    func `the checksum is CRC-32C`() {
        // The check value of its definition: reveng.sourceforge.io/crc-catalogue.
        #expect(CRC32C.of("123456789".utf8) == 0xE306_9283)
    }

    private func append(_ bytes: Data, to path: String) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: bytes)
        try file.close()
    }
}

/// A delivery's fields, to be compared.
private struct Fields: Equatable {
    var texts: [String?]
    var receivedAt: Timestamp
    var body: Data

    init(_ delivery: Delivery) {
        texts = [
            delivery.source, delivery.id.rawValue, delivery.event, delivery.eventType,
            delivery.targetType, delivery.remote, delivery.contentType, delivery.headers,
            delivery.verifiedBy,
        ]
        receivedAt = delivery.receivedAt
        body = delivery.body
    }
}
