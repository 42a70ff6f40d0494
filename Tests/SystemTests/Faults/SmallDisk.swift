import Foundation
import Spawn
import TestSupport
import Testing

/// A file system of its own for a site's store, small enough to be filled.
struct SmallDisk: Sendable {
    /// Where it is mounted, in the site's folder.
    let folder: String
    private let site: Site

    private init(of site: Site) {
        self.site = site
        folder = site.path("disk")
    }

    /// Gives a test a site whose store is on a disk of its own.
    ///
    /// Where nothing can be mounted that is a known issue, which the run shows: what a full or
    /// read-only disk does is then proved by ``FaultyDiskTests`` alone.
    static func with(
        megabytes: Int,
        _ body: (Site, SmallDisk) async throws -> Void
    ) async throws {
        try await Site.with { site in
            let disk = SmallDisk(of: site)
            guard try disk.mount(megabytes: megabytes) else {
                withKnownIssue("nothing can be mounted here, so no real disk was full") {
                    Issue.record("run as root where mount(2) is allowed")
                }
                return
            }
            // Also under a program that still runs: the site ends it afterwards.
            defer { disk.unmount() }
            let yaml = SiteSettings().yaml.replacingOccurrences(
                of: "store: queue.db",
                with: "store: disk/queue.db"
            )
            try site.write(yaml, to: "samovar.yaml")
            try await body(site, disk)
            if FileManager.default.fileExists(atPath: disk.store) {
                try checkSoundness(ofStoreAt: disk.store)
            }
        }
    }

    var store: String { folder + "/queue.db" }

    private func mount(megabytes: Int) throws -> Bool {
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        return try run(["/bin/mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder])
    }

    /// Mounts it again, read-only or not; nothing may have a file of it open for writing.
    func remount(readOnly: Bool) throws {
        let option = readOnly ? "remount,ro" : "remount,rw"
        try #require(try run(["/bin/mount", "-o", option, folder]))
    }

    private func unmount() {
        // In vain: then the folder is left behind, and the system clears /tmp.
        _ = try? run(["/bin/umount", "-l", folder])
    }

    private func run(_ command: [String]) throws -> Bool {
        let program = try RunningProgram(
            command,
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"],
            folder: site.folder
        )
        return try program.awaitExit() == .code(0)
    }

    /// A file that takes space away.
    func occupy(bytes: Int) throws {
        try Data(count: bytes).write(to: URL(fileURLWithPath: folder + "/ballast"))
    }

    /// Gives that space back.
    func makeRoom() throws {
        try FileManager.default.removeItem(atPath: folder + "/ballast")
    }
}
