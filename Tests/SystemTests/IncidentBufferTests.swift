import Foundation
import QueueCore
import TestSupport
import Testing

@testable import Ingress

/// What waits to be told to the store besides deliveries.
@Suite
struct IncidentBufferTests {
    private func lost(_ id: String) -> Incident {
        Incident(
            kind: .deliveryLost,
            source: "default",
            subject: id,
            detail: "d",
            at: Timestamp(rawValue: 1)
        )
    }

    private func refused(_ detail: String, at time: Int64 = 1) -> Incident {
        Incident(
            kind: .signatureRefused,
            source: "default",
            subject: "/hooks/gitea",
            detail: detail,
            at: Timestamp(rawValue: time)
        )
    }

    private func good(_ buffer: inout IncidentBuffer) -> Bool { buffer.noteGood("default") }

    private func all(_ buffer: inout IncidentBuffer) -> [String] {
        buffer.takeAll().map(\.subject)
    }

    @Test
    func `what finds no room is counted in one row, and what is there is counted on`() {
        var buffer = IncidentBuffer(most: 3)
        for id in ["a", "b", "c", "d", "e", "a"] { buffer.add(lost(id)) }
        let written = buffer.beginWriting().incidents
        #expect(written.map(\.subject) == ["a", "b", "c", IncidentBuffer.others])
        #expect(written.map(\.count) == [2, 1, 1, 2])
        #expect(buffer.isEmpty)
    }

    @Test
    func `what could not be written waits again, before what came since, and is counted once`() {
        var buffer = IncidentBuffer()
        buffer.add(refused("first", at: 1))
        _ = buffer.beginWriting()
        buffer.add(refused("second", at: 2))
        buffer.notWritten()
        let contents = buffer.beginWriting()
        #expect(contents.incidents.map(\.count) == [2])
        #expect(contents.incidents.first?.detail == "second")
        #expect(contents.incidents.first?.firstAt == Timestamp(rawValue: 1))
        #expect(contents.incidents.first?.lastAt == Timestamp(rawValue: 2))
        buffer.written()
        #expect(all(&buffer).isEmpty)
    }

    @Test
    func `at the end also what is just being written is left`() {
        var buffer = IncidentBuffer()
        buffer.add(lost("a"))
        _ = buffer.beginWriting()
        buffer.add(lost("b"))
        #expect(all(&buffer) == ["a", "b"])
        #expect(all(&buffer).isEmpty)
    }

    @Test
    func `good deliveries are told once after each incident, and not while senders do wrong`() {
        var buffer = IncidentBuffer()
        // What processes before this one wrote is not known.
        #expect(good(&buffer))
        #expect(!good(&buffer))
        let recovered = buffer.beginWriting().recovered
        #expect(recovered == ["default"])
        buffer.written()
        buffer.add(refused("wrong"))
        #expect(good(&buffer))
        buffer.add(refused("wrong again"))
        let contents = buffer.beginWriting()
        #expect(contents.incidents.map(\.count) == [2])
        #expect(contents.recovered.isEmpty)
        buffer.written()
        #expect(good(&buffer))
    }

    @Test
    func `what a process leaves is read by the next one, but for a line that was cut short`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let file = LeftIncidents(store: folder + "/queue.db")
            #expect(file.read().isEmpty)
            try file.keep([lost("a")])
            try file.keep([lost("b")])
            let bytes = try #require(FileManager.default.contents(atPath: file.path))
            try (bytes + Data(#"{"kind":"delivery_lo"#.utf8))
                .write(to: URL(fileURLWithPath: file.path))
            #expect(file.read().map(\.subject) == ["a", "b"])
            #expect(file.read().first?.lastAt == Timestamp(rawValue: 1))
            file.remove()
            #expect(file.read().isEmpty)
        }
    }

    @Test
    func `what was left stays when it cannot be replaced`() async throws {
        try await withTemporaryFolder { folder in
            let file = LeftIncidents(store: folder + "/queue.db")
            try file.keep([lost("a")])
            try file.keep([lost("b")], replacing: true)
            #expect(file.read().map(\.subject) == ["b"])
            let inTheWay = file.path + ".new"
            try FileManager.default.createDirectory(
                atPath: inTheWay,
                withIntermediateDirectories: false
            )
            #expect(throws: (any Error).self) { try file.keep([lost("c")], replacing: true) }
            #expect(file.read().map(\.subject) == ["b"])
            try file.keep([], replacing: true)
            #expect(file.read().isEmpty)
        }
    }
}
