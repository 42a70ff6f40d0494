import Foundation
import Spawn
import TestSupport
import Testing

/// Somebody takes the store's files away under a running ingress.
@Suite
struct LostFileTests {
    @Test
    func `a log that is deleted is noticed before anything more is promised`() async throws {
        try await Site.with { site in
            let promises = Promises()
            let ingress = try site.startIngress()
            for _ in 1...50 { try promises.send(Request(), to: ingress) }
            try FileManager.default.removeItem(atPath: site.store + "-wal")
            // It ends by itself: SQLite would go on writing to a file that nobody finds.
            try await promises.load(ingress, clients: 2)
            #expect(try ingress.program.awaitExit() != .code(0))
            #expect(ingress.program.output.contains("moved or deleted"))
            let second = try site.startIngress()
            #expect(try promises.send(Request(), to: second).status == 202)
            // What was in the deleted log was saved before it ended.
            try promises.checkAll(storeAt: site.store)
        }
    }

    @Test
    func `in a store that is deleted nothing more is promised`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let before = Promises()
            for _ in 1...10 { try before.send(Request(), to: ingress) }
            for suffix in ["", "-wal", "-shm"] {
                try FileManager.default.removeItem(atPath: site.store + suffix)
            }
            let promises = Promises()
            try await promises.load(ingress, clients: 2)
            #expect(try ingress.program.awaitExit() != .code(0))
            #expect(promises.count == 0)
            let second = try site.startIngress()
            #expect(try promises.send(Request(), to: second).status == 202)
            try promises.checkAll(storeAt: site.store)
        }
    }

    @Test
    func `an idle ingress whose store is deleted is not ready, and ends`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            for suffix in ["", "-wal", "-shm"] {
                try FileManager.default.removeItem(atPath: site.store + suffix)
            }
            #expect(try ingress.health("/readyz").status == 503)
            #expect(try ingress.program.awaitExit() != .code(0))
            #expect(ingress.program.output.contains("moved or deleted"))
        }
    }

    /// Else it would look for work in a file that nobody puts any into.
    @Test
    func `a worker whose store is deleted ends, and the next one works in the new store`()
        async throws
    {
        let note = SiteSettings.Handler(name: "note", command: ["note"])
        try await Site.with(SiteSettings(handlers: [note])) { site in
            try site.script("note", "echo $SAMOVAR_DELIVERY >> noted")
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            try ingress.accept(Request())
            try site.awaitQuiet()
            ingress.program.killNow()
            for suffix in ["", "-wal", "-shm"] {
                try FileManager.default.removeItem(atPath: site.store + suffix)
            }
            #expect(try worker.awaitExit() != .code(0))
            let request = Request()
            try site.startIngress().accept(request)
            try site.startWorker()
            try site.awaitQuiet()
            #expect(site.lines("noted").last == request.id)
        }
    }

    @Test
    func `in a folder that is moved away nothing is lost`() async throws {
        try await Site.with { site in
            let files = FileManager.default
            try files.createDirectory(
                atPath: site.path("state"),
                withIntermediateDirectories: false
            )
            let yaml = SiteSettings().yaml.replacingOccurrences(
                of: "store: queue.db",
                with: "store: state/queue.db"
            )
            try site.write(yaml, to: "samovar.yaml")
            let promises = Promises()
            let ingress = try site.startIngress()
            for _ in 1...20 { try promises.send(Request(), to: ingress) }
            try files.moveItem(atPath: site.path("state"), toPath: site.path("elsewhere"))
            try await promises.load(ingress, clients: 2)
            #expect(try ingress.program.awaitExit() != .code(0))
            #expect(promises.count >= 20)
            try promises.checkAll(storeAt: site.path("elsewhere/queue.db"))
            try files.moveItem(atPath: site.path("elsewhere"), toPath: site.path("state"))
            let second = try site.startIngress()
            #expect(try promises.send(Request(), to: second).status == 202)
            try promises.checkAll(storeAt: site.path("state/queue.db"))
            try checkSoundness(ofStoreAt: site.path("state/queue.db"))
        }
    }
}
