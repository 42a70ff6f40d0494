import Foundation
import Spawn
import TestSupport
import Testing

/// What `make install` puts where, and whether systemd and the images can do with it.
@Suite
struct InstallTests {
    private static let programs = (Binaries.ingress as NSString).deletingLastPathComponent

    /// Installs into a folder, without building anything.
    private func install(_ target: String, into folder: String, prefix: String) throws -> String {
        try Deploy.run(
            [
                "make", "--directory", Deploy.root, target, "DESTDIR=\(folder)/root",
                "PREFIX=\(prefix)", "BIN=\(Self.programs)",
            ],
            in: folder
        )
    }

    private func files(_ folder: String) throws -> [String] {
        try Deploy.run(["find", folder + "/root", "-type", "f"], in: folder)
            .split(separator: "\n").map { String($0.dropFirst(folder.count + 5)) }
    }

    @Test
    func `everything is installed where it is looked for, and uninstalled without a trace`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let output = try install("install", into: folder, prefix: "/usr/local")
            #expect(output.contains("Installed samovar"), "\(output)")
            let installed = try files(folder)
            for file in [
                "bin/samovar", "bin/samovar-ingress", "bin/samovar-worker",
                "lib/systemd/system/samovar-ingress.socket",
                "lib/systemd/system/samovar-ingress-health.socket",
                "lib/systemd/system/samovar-ingress.service",
                "lib/systemd/system/samovar-worker.service",
                "lib/systemd/system/samovar-backup.timer", "lib/sysusers.d/samovar.conf",
                "lib/tmpfiles.d/samovar.conf", "share/samovar/samovar.example.yaml",
                "share/samovar/nginx/samovar.conf", "share/doc/samovar/INSTALL.md",
            ] {
                #expect(installed.contains("/usr/local/" + file))
            }
            #expect(installed.allSatisfy { $0.hasPrefix("/usr/local/") })
            try Deploy.run(
                ["cmp", Binaries.samovar, folder + "/root/usr/local/bin/samovar"],
                in: folder
            )
            _ = try install("uninstall", into: folder, prefix: "/usr/local")
            #expect(try files(folder).isEmpty)
        }
    }

    @Test
    func `units name the programs where they are`() async throws {
        try await withTemporaryFolder { folder in
            _ = try install("install", into: folder, prefix: "/opt/samovar")
            let unit = folder + "/root/etc/systemd/system/samovar-worker.service"
            let text = try String(contentsOfFile: unit, encoding: .utf8)
            #expect(text.contains("ExecStart=/opt/samovar/bin/samovar-worker "))
            #expect(!text.contains("/usr/local/"))
        }
    }

    @Test
    func `a PREFIX that is no absolute path is refused`() async throws {
        try await withTemporaryFolder { folder in
            let output = try Deploy.run(
                [Deploy.root + "/deploy/install"],
                in: folder,
                environment: ["PREFIX": "usr", "DESTDIR": folder + "/root"],
                expecting: .code(64)
            )
            #expect(output.contains("give an absolute path"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/root"))
        }
    }

    @Test
    func `systemd finds no fault with the units`() async throws {
        try await withTemporaryFolder { folder in
            let units = folder + "/units"
            try Deploy.run(["cp", "-r", Deploy.root + "/deploy/systemd", units], in: folder)
            let names = try FileManager.default.contentsOfDirectory(atPath: units)
                .filter { $0.hasPrefix("samovar-") }.sorted()
            #expect(names.count == 6)
            for name in names {
                let text = try String(contentsOfFile: "\(units)/\(name)", encoding: .utf8)
                // Here the programs are elsewhere, and the documents nowhere.
                let here = text.replacing("/usr/local/bin", with: Self.programs)
                try here.write(toFile: "\(units)/\(name)", atomically: true, encoding: .utf8)
            }
            for name in names {
                let output = try Deploy.run(
                    ["systemd-analyze", "verify", "--man=no", "\(units)/\(name)"],
                    in: folder,
                    environment: ["SYSTEMD_UNIT_PATH": units + ":"]
                )
                #expect(!output.contains("samovar"), "\(output)")
            }
        }
    }

    /// libdispatch calls setpriority(2) in each thread that it makes, with -4 for the most urgent
    /// ones, and writes to the journal when that is refused: by a filter, or for want of a limit.
    @Test(arguments: ["ingress", "worker", "backup"])
    func `a unit lets the Swift runtime set the priorities of its threads`(_ name: String) throws {
        let lines = try Deploy.text("systemd/samovar-\(name).service").split(separator: "\n")
        #expect(lines.contains("LimitNICE=-4"))
        // From a nice process even priority 0 would be refused, or be given and mean nothing.
        #expect(!lines.contains { $0.hasPrefix("Nice=") })
        let filters = lines.filter { $0.hasPrefix("SystemCallFilter=") }
        if let refusal = filters.lastIndex(where: { $0.contains("@resources") }) {
            #expect(filters[(refusal + 1)...].contains("SystemCallFilter=setpriority"))
        }
    }

    /// The scores of docs/INSTALL.md: 0 is tight, 10 is open; a drop-in comes after its unit.
    @Test(arguments: [
        (["samovar-ingress.service"], 0.5), (["samovar-worker.service"], 6.0),
        (["samovar-backup.service"], 1.0),
        (["samovar-worker.service", "worker-tighter.conf"], 1.7),
    ])
    func `a unit is not less hardened than the documents say`(
        _ files: [String],
        _ most: Double
    ) async throws {
        try await withTemporaryFolder { folder in
            let text = try files.map { try Deploy.text("systemd/\($0)") }.joined(separator: "\n")
            let unit = "\(folder)/\(try #require(files.first))"
            try text.write(toFile: unit, atomically: true, encoding: .utf8)
            let output = try Deploy.run(
                ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
                in: folder
            )
            let level = try #require(output.split(separator: "Overall exposure level").last)
            let score = level.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }.first
            #expect(try #require(score) <= most, "\(output)")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root makes users"))
    func `users, group and folders are made as the units need them`() async throws {
        try await withTemporaryFolder { folder in
            _ = try install("install", into: folder, prefix: "/usr/local")
            let root = folder + "/root"
            try FileManager.default.createDirectory(
                atPath: root + "/etc",
                withIntermediateDirectories: true
            )
            // Programs that look around in another root need something there.
            for file in ["passwd", "group"] {
                try "".write(toFile: "\(root)/etc/\(file)", atomically: true, encoding: .utf8)
            }
            try Deploy.run(["systemd-sysusers", "--root=\(root)"], in: folder)
            try Deploy.run(["systemd-tmpfiles", "--root=\(root)", "--create"], in: folder)
            let groups = try String(contentsOfFile: root + "/etc/group", encoding: .utf8)
            #expect(groups.contains("samovar-ingress,samovar-worker"), "\(groups)")
            let modes = try Deploy.run(
                ["stat", "--format=%a %n"]
                    + ["lib/samovar", "spool/samovar", "lib/samovar-worker"]
                    .map { "\(root)/var/\($0)" } + ["\(root)/etc/samovar"],
                in: folder
            )
            #expect(
                modes.replacing(root, with: "") == """
                    2770 /var/lib/samovar
                    2770 /var/spool/samovar
                    700 /var/lib/samovar-worker
                    750 /etc/samovar

                    """
            )
        }
    }

    @Test
    func `install tells the same way of an upgrade as UPGRADE md, the worker away first`() throws {
        let told = try Deploy.text("install").split(separator: "An upgrade (")[1]
            .split(separator: "\n").dropFirst().prefix { $0.hasPrefix("    ") }
            .joined(separator: "\n")
        let document = try Deploy.text("../docs/UPGRADE.md").split(separator: "## Rollback")[0]
        for text in [told, String(document)] {
            var rest = text[...]
            for step in [
                "systemctl stop samovar-worker", "samovar check", "systemctl daemon-reload",
                "systemctl restart samovar-ingress", "systemctl start samovar-worker",
                "samovar doctor",
            ] {
                let place = try #require(rest.range(of: step), "\(step) is not in \(rest)")
                rest = rest[place.upperBound...]
            }
        }
    }

    @Test(arguments: ["samovar.example.yaml", "docker/samovar.yaml"])
    func `an example of a configuration has no mistake`(_ file: String) async throws {
        try await Site.with { site in
            try site.write("a secret long enough for a test\n", to: "long.secret", mode: 0o600)
            let text = try Deploy.text(file)
                .replacing("/var/lib/samovar/queue.db", with: "queue.db")
                .replacing("/var/spool/samovar", with: site.folder)
                .replacing("/etc/samovar/webhook.secret", with: "long.secret")
                .replacing("/usr/bin/logger", with: "/usr/bin/env")
            try site.write(text, to: "samovar.yaml")
            let check = try site.start(Binaries.samovar, arguments: ["check"])
            #expect(try check.awaitExit() == .code(0), "\(check.output)")
        }
    }
}
