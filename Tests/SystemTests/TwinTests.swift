import Doorbell
import Foundation
import TestSupport
import Testing

/// Several processes of one kind on one store.
@Suite
struct TwinTests {
    @Test
    func `two ingresses on one store both accept, and seqs are unique`() async throws {
        try await Site.with { site in
            let twins = [try site.startIngress(), try site.startIngress()]
            try #require(twins[0].port != twins[1].port)
            let stored = try await withThrowingTaskGroup(of: [Stored].self) { group in
                for index in 0..<4 {
                    let ingress = twins[index % 2]
                    group.addTask {
                        let connection = try ingress.connect()
                        return try (1...50).map { _ in
                            try connection.send(Request().bytes)
                            return try Stored(connection.reply())
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(stored.allSatisfy { $0.status == "accepted" })
            #expect(stored.map(\.seq).sorted() == Array(1...200))
            let ids = try site.reader.texts("SELECT delivery_id FROM delivery ORDER BY seq")
            #expect(stored.sorted { $0.seq < $1.seq }.map(\.delivery) == ids)
        }
    }

    @Test
    func `what one ingress stored is a duplicate for the other`() async throws {
        try await Site.with { site in
            let (one, other) = (try site.startIngress(), try site.startIngress())
            let request = Request()
            let seq = try one.accept(request)
            let reply = try other.send(request)
            #expect(reply.status == 200)
            #expect(try Stored(reply).seq == seq)
        }
    }

    @Test
    func `two workers share the work, and each job runs once`() async throws {
        let handler = SiteSettings.Handler(name: "pair", command: ["pair"])
        let settings = SiteSettings(worker: ["slots: 1"], handlers: [handler])
        try await Site.with(settings) { site in
            // The first two wait for each other, which takes two workers with one slot each.
            try site.script(
                "pair",
                """
                echo $SAMOVAR_TOKEN >> noted
                [ $SAMOVAR_JOB -gt 2 ] && exit 0
                touch began-$SAMOVAR_JOB
                while [ ! -e began-1 ] || [ ! -e began-2 ]; do sleep 0.01; done
                """
            )
            let ingress = try site.startIngress()
            try site.startWorker()
            try site.startWorker()
            for _ in 1...40 { try ingress.accept(Request()) }
            try site.awaitQuiet()
            #expect(Set(site.lines("noted")) == Set((1...40).map { "\($0).1" }))
            #expect(site.lines("noted").count == 40)
            #expect(try site.reader.number("SELECT count(DISTINCT worker) FROM attempt") == 2)
        }
    }

    // The time includes that of the tests before it, which run one after another.
    @Test(.timeLimit(.minutes(10)))
    func `the ingress rings at every worker's door for each delivery`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let door = try DoorbellListener(stateFolder: site.folder, name: "test")
            defer { door.close() }
            // A worker that died without a word leaves its socket behind.
            try site.startWorker().killNow()
            try #require(sockets(in: site).count == 2)
            var rings = door.rings.makeAsyncIterator()
            for _ in 1...3 {
                try ingress.accept(Request())
                // Nil when the time is over: cancellation ends the stream.
                try #require(await rings.next() != nil)
            }
            #expect(try sockets(in: site) == ["test.sock"])
        }
    }

    private func sockets(in site: Site) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: site.path("doorbell"))
    }
}
