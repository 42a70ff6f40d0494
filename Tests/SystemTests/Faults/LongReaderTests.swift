import Foundation
import GRDB
import TestSupport
import Testing

/// Somebody reads for long: what he sees must stay in the log, so it grows.
@Suite
struct LongReaderTests {
    @Test
    func `a long reader is named, the log grows meanwhile, and is small again afterwards`()
        async throws
    {
        let deliveries = Trials.count("SAMOVAR_READER_COMMITS", usual: 2000)
        try await Site.with { site in
            let promises = Promises()
            let ingress = try site.startIngress()
            try promises.send(Request(), to: ingress)
            let reader = try Reader(site.store)
            #expect(try reader.count() == 1)
            try await promises.load(ingress, clients: 2) { promises.count > deliveries }
            // He sees what he saw, and nobody waited for him.
            #expect(try reader.count() == 1)
            #expect(promises.areNearlyAll)
            let grown = try Self.logBytes(of: site)
            #expect(grown > deliveries / 2 * 4096)

            let doctor = try site.start(Binaries.samovar, arguments: ["doctor", "--quick"])
            try doctor.awaitExit()
            #expect(doctor.output.contains("cannot be emptied while these read"))
            #expect(doctor.output.contains("(pid \(getpid())"))

            // The ingress itself says so, when it has seen it for some time.
            let line = "a reader keeps the log from being emptied"
            try waitUntil("the ingress to name the reader") {
                try promises.send(Request(), to: ingress)
                return ingress.program.output.contains(line)
            }
            let named = ingress.program.output.split(separator: "\n").first { $0.contains(line) }
            #expect(named?.contains("(pid \(getpid()))") == true, "\(named ?? "")")

            try reader.leave()
            // Some commits later the log has been emptied, and its file cut.
            try waitUntil("the log to be small again") {
                try promises.send(Request(), to: ingress)
                return try Self.logBytes(of: site) <= Self.logBytesKept
            }
            try waitUntil("the ingress to say that he has gone") {
                ingress.program.output.contains("the log is emptied again")
            }
            let after = try site.start(Binaries.samovar, arguments: ["doctor", "--quick"])
            try after.awaitExit()
            #expect(!after.output.contains("cannot be emptied"))
            try promises.checkAll(storeAt: site.store)
        }
    }

    /// A thousand pages with their headers, as docs/DURABILITY.md says.
    private static let logBytesKept = 32 + 1000 * (4096 + 24)

    private static func logBytes(of site: Site) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: site.store + "-wal")
        return try #require(attributes[.size] as? Int)
    }

    /// A connection in a read transaction.
    private struct Reader {
        private let database: DatabaseQueue

        init(_ store: String) throws {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.allowsUnsafeTransactions = true
            configuration.busyMode = .timeout(60)
            database = try DatabaseQueue(path: store, configuration: configuration)
            try database.writeWithoutTransaction { try $0.execute(sql: "BEGIN") }
            _ = try count()
        }

        func count() throws -> Int? {
            try database.writeWithoutTransaction {
                try Int.fetchOne($0, sql: "SELECT count(*) FROM delivery")
            }
        }

        func leave() throws {
            try database.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            try database.close()
        }
    }
}
