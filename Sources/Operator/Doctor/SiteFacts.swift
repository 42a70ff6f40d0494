import Foundation
import QueueCore

/// What is around a store: disk, files, clock, configuration, and who else has it open.
struct SiteFacts: Equatable {
    /// A file and its permission bits.
    struct FileMode: Equatable {
        var path: String
        var mode: Int
    }

    /// The log's file; it keeps its length when the log is emptied.
    var logBytes: Int64 = 0
    var readers: [ProcessName] = []
    var writers: [ProcessName] = []
    var freeBytes: Int64?
    var diskBytes: Int64?
    var files: [FileMode] = []
    var owners: FileOwners?
    /// From where the handlers that run now are seen.
    var sights: Set<ProcessSight> = []
    /// How long ago the machine was started.
    var uptime: Duration?
    /// Where deliveries go that the store cannot take.
    var spool: SpoolFacts?
    /// What the ingress says; nil when there is nobody to ask.
    var ingress: IngressFacts?
    /// What Gitea says; nil when there is none to ask.
    var gitea: GiteaReport?
    /// What is doubtful in the configuration.
    var warnings: [String] = []
    /// What this user could not check of it.
    var unchecked: [String] = []
}

extension SiteFacts {
    /// Looks around a store.
    init(store: String) async {
        let disk = DiskUse(store: store)
        logBytes = disk.logBytes
        freeBytes = disk.freeBytes
        let system = try? FileManager.default.attributesOfFileSystem(forPath: store)
        diskBytes = (system?[.systemSize] as? NSNumber)?.int64Value
        for suffix in ["", "-wal", "-shm", ".turn"] {
            var info = stat()
            guard unsafe stat(store + suffix, &info) == 0 else { continue }
            files.append(FileMode(path: store + suffix, mode: Int(info.st_mode & 0o777)))
        }
        owners = FileOwners(store: store)
        let folder = (store as NSString).deletingLastPathComponent
        sights = Set(ProcessSight.ofHandlers(stateFolder: folder))
        let locks = await LogLocks.lasting(store: store)
        func processes(_ pids: Set<Int32>) -> [ProcessName] {
            pids.subtracting([getpid()]).sorted().compactMap { ProcessName(pid: $0) }
                .filter(\.mayHoldLong)
        }
        readers = processes(locks.readers)
        writers = processes(locks.writers)
        if let bytes = FileManager.default.contents(atPath: "/proc/uptime") {
            let seconds = String(decoding: bytes, as: UTF8.self).split(separator: " ").first
            uptime = seconds.flatMap { Double($0) }.map { .seconds($0) }
        }
    }
}

// MARK: - What it means

extension SiteFacts {
    func diagnoses(now: Timestamp, newestReceived: Timestamp?) -> [Diagnosis] {
        [
            log, writeLock, disk, modes, owners?.diagnosis, clock(now, newestReceived),
            processes, ingress?.diagnosis,
        ].compactMap(\.self)
            + (spool?.diagnoses(now: now) ?? []) + (gitea?.diagnoses ?? []) + configuration
    }

    private var log: Diagnosis {
        let size = Quantity.text(bytes: logBytes)
        let isLarge = logBytes > Self.logBytesExpected
        guard readers.isEmpty else {
            let names = readers.map(\.details).joined(separator: ", ")
            return Diagnosis(
                .log,
                "log",
                isLarge ? .warning : .note,
                isLarge
                    ? "\(size), and cannot be emptied while these read: \(names)"
                    : "\(size); a transaction is kept open by \(names)",
                hint: "End that transaction (COMMIT or .quit); the log grows until then."
            )
        }
        guard isLarge else { return Diagnosis(.log, "log", .ok, size) }
        return Diagnosis(
            .log,
            "log",
            .note,
            "\(size): a process kept reading for long; the file keeps its length and is used again",
            hint: "It goes when the last service stops."
        )
    }

    private var writeLock: Diagnosis? {
        guard !writers.isEmpty else { return nil }
        // A spool that cannot be used takes nothing.
        let isSpooled = (try? spool?.found.get()) != nil
        let meanwhile =
            isSpooled
            ? "meanwhile deliveries are answered 202 and kept in the spool"
            : "Gitea is answered 503 meanwhile"
        return Diagnosis(
            .log,
            "write_lock",
            .warning,
            "held by \(writers.map(\.details).joined(separator: ", ")): no other process can write",
            hint: "End that transaction (COMMIT, ROLLBACK or .quit): \(meanwhile)."
        )
    }

    private var disk: Diagnosis {
        guard let freeBytes, let diskBytes, diskBytes > 0 else {
            return Diagnosis(.site, "disk", .note, "the file system does not say what is free")
        }
        let percent = Int(100 * Double(freeBytes) / Double(diskBytes))
        let text = "\(Quantity.text(bytes: freeBytes)) free (\(percent) %)"
        guard freeBytes < 1 << 30 || freeBytes < diskBytes / 10 else {
            return Diagnosis(.site, "disk", .ok, text)
        }
        return Diagnosis(
            .site,
            "disk",
            .warning,
            text,
            hint: "Deliveries are refused with 503 when it is full: free some, or shorten "
                + "`retention:` and run `samovar prune`."
        )
    }

    private var modes: Diagnosis {
        let open = files.filter { $0.mode & 0o007 != 0 }
        guard !open.isEmpty else {
            return Diagnosis(.site, "file_modes", .ok, "no other users may read the store")
        }
        let names = open.map { "\($0.path) (\(String($0.mode, radix: 8)))" }
        return Diagnosis(
            .site,
            "file_modes",
            .warning,
            "open to every user of this machine: \(names.joined(separator: ", "))",
            hint: "Payloads of private repositories are in it: chmod o= "
                + open.map(\.path).joined(separator: " ")
        )
    }

    /// Nil when every worker can see what another one would leave.
    private var processes: Diagnosis? {
        guard sights.count > 1 else { return nil }
        let names = sights.map(\.namespace).sorted().joined(separator: ", ")
        return Diagnosis(
            .site,
            "processes",
            .note,
            "handlers run in \(sights.count) places that do not see each other: \(names)",
            hint: "What a killed worker leaves in a container is found only from there: let the "
                + "container end with its worker, or share one PID namespace."
        )
    }

    private func clock(_ now: Timestamp, _ newest: Timestamp?) -> Diagnosis {
        let booted = uptime.map { ", booted \(Quantity.text($0)) ago" } ?? ""
        if let newest, newest - now > .seconds(1) {
            return Diagnosis(
                .site,
                "clock",
                .warning,
                "\(Quantity.text(newest - now)) behind the newest delivery\(booted)",
                hint: "The wall clock was set back: check its time service. Leases do not mind; "
                    + "retries are moved along."
            )
        }
        return Diagnosis(.site, "clock", .ok, "not behind any delivery\(booted)")
    }

    private var configuration: [Diagnosis] {
        let findings =
            warnings.map { Diagnosis(.site, "configuration", .warning, $0) }
            + unchecked.map {
                Diagnosis(
                    .site,
                    "configuration",
                    .note,
                    "not checked: \($0)",
                    hint: "Run it as the user that runs the services to have it checked."
                )
            }
        guard findings.isEmpty else { return findings }
        return [Diagnosis(.site, "configuration", .ok, "no warnings")]
    }

    /// What the log never exceeds while nobody reads: 1000 pages and their headers.
    private static let logBytesExpected: Int64 = 1000 * (4096 + 24) + 32
}

extension ProcessName {
    /// Its name, and for how long it has been running.
    fileprivate var details: String {
        text(with: age.map { "running for \(Quantity.text($0))" })
    }
}
