import ArgumentParser
import Foundation
import Program
import QueueCore
import Settings

/// `samovar status`: how the queue stands.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how the queue stands: jobs by state, workers, disk.",
        discussion: """
            Examples:
              samovar status
              samovar status --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    func run() async throws {
        try await reporting {
            try await configurationOption.withStore { store, configuration in
                let now = Clocks.system.now()
                let workers = try await store.records(.workers).map { record in
                    let id = WorkerID(rawValue: record.text("id"))
                    let isAlive = WorkerLock.isHeld(
                        stateFolder: configuration.stateFolder,
                        worker: id
                    )
                    return QueueStatus.Worker(record: record, isAlive: isAlive)
                }
                let incidents = try await store.records(.incidents(limit: Self.incidentsMax))
                let status = QueueStatus(
                    path: configuration.store,
                    store: try await store.status(),
                    disk: DiskUse(store: configuration.store),
                    workers: workers,
                    incidents: incidents.filter { incident in
                        incident.time("last_at").map { now - $0 < .seconds(86_400) } ?? false
                    },
                    now: now
                )
                if output.json {
                    try StandardOutput.write(JSONOutput.object(status.json))
                } else {
                    let time = LocalTime(now: now)
                    try StandardOutput.write(status.text(time: time, on: .standardOutput()))
                }
            }
        }
    }

    /// More than anybody reads.
    private static let incidentsMax = 100
}

/// Sizes around the store's file, from the file system alone: opening the file beside SQLite would
/// drop SQLite's locks when it is closed again (sqlite.org/howtocorrupt.html).
struct DiskUse: Equatable {
    /// The log that waits to be moved into the database.
    var logBytes: Int64

    /// What is left on the store's file system; nil when it does not say.
    var freeBytes: Int64?
}

extension DiskUse {
    /// Looks beside a store.
    init(store: String) {
        let files = FileManager.default
        // Without a log there is none to be moved.
        let log = try? files.attributesOfItem(atPath: store + "-wal")[.size] as? NSNumber
        let system = try? files.attributesOfFileSystem(forPath: store)
        let free = system?[.systemFreeSize] as? NSNumber
        self.init(logBytes: log?.int64Value ?? 0, freeBytes: free?.int64Value)
    }
}

/// What `samovar status` knows.
struct QueueStatus {
    /// A worker, and whether it holds its lock.
    struct Worker {
        var record: Record
        var isAlive: Bool
    }

    /// The store's file.
    var path: String

    /// What the store counts.
    var store: StoreStatus

    /// What it takes on disk.
    var disk: DiskUse

    /// Those that did not say that they stopped.
    var workers: [Worker]

    /// Those of the last day.
    var incidents: [Record]

    /// When all this was so.
    var now: Timestamp

    /// For people.
    func text(time: LocalTime, on terminal: Terminal) -> String {
        let fields = FieldList([
            ("store", Cell(path)),
            ("deliveries", Cell(store.deliveries)),
            ("to be routed", Cell(store.toBeRouted)),
            ("jobs", Cell(jobs)),
            ("oldest waiting", store.oldestWaiting.map { Cell(age($0)) } ?? Cell("none")),
            ("database", Cell(Quantity.text(bytes: store.databaseBytes))),
            ("log (WAL)", Cell(Quantity.text(bytes: disk.logBytes))),
            ("free disk", disk.freeBytes.map { Cell(Quantity.text(bytes: $0)) } ?? .absent),
            ("workers", alive),
            ("incidents", Cell(incidents.isEmpty ? "none in the last day" : "see below")),
        ])
        var text = fields.text(on: terminal)
        if !workers.isEmpty { text += "\n" + workerTable(time).text(on: terminal) }
        guard !incidents.isEmpty else { return text }
        let table = RecordRendering(time: time).table(
            incidents,
            columns: ["kind", "source", "subject", "count", "last_at", "detail"]
        )
        return text + "\nincidents of the last day\n" + table.text(on: terminal)
    }

    /// One object.
    var json: JSONValue {
        .object([
            ("store", .string(path)),
            ("uuid", .string(store.uuid)),
            ("schema", .integer(Int64(store.schema))),
            ("deliveries", .integer(Int64(store.deliveries))),
            ("to_be_routed", .integer(Int64(store.toBeRouted))),
            ("jobs", .object(JobState.allCases.map { ($0.rawValue, .integer(count($0))) })),
            ("oldest_waiting", .time(store.oldestWaiting)),
            ("database_bytes", .integer(store.databaseBytes)),
            ("wal_bytes", .integer(disk.logBytes)),
            ("free_bytes", disk.freeBytes.map { .integer($0) } ?? .null),
            (
                "workers",
                .array(
                    workers.map { JSONValue($0.record).adding("alive", .boolean($0.isAlive)) }
                )
            ),
            ("incidents", .array(incidents.map { JSONValue($0) })),
        ])
    }

    private func count(_ state: JobState) -> Int64 { Int64(store.jobs[state] ?? 0) }

    private var jobs: String {
        JobState.allCases.map { "\(count($0)) \($0.rawValue)" }.joined(separator: ", ")
    }

    private var alive: Cell {
        let count = workers.count { $0.isAlive }
        return count == 0
            ? Cell("none running: start samovar-worker, or `samovar up`", tone: .bad)
            : Cell("\(count) running")
    }

    /// A clock that was set back makes no negative age.
    private func age(_ time: Timestamp) -> String {
        "for " + Quantity.text(max(now - time, .zero))
    }

    private func workerTable(_ time: LocalTime) -> Table {
        Table(
            header: ["worker", "host", "pid", "version", "started", "heartbeat", "alive"],
            rows: workers.map { worker in
                let record = worker.record
                let heartbeat = record.time("heartbeat_at").map {
                    Cell(Quantity.text(max(now - $0, .zero)) + " ago")
                }
                return [
                    Cell(record.text("id")), Cell(record.text("host")),
                    Cell(record.integer("pid") ?? 0), Cell(record.text("version")),
                    record.time("started_at").map { Cell(time.short($0)) } ?? .absent,
                    heartbeat ?? .absent,
                    worker.isAlive ? Cell("yes", tone: .good) : Cell("no", tone: .bad),
                ]
            }
        )
    }
}
