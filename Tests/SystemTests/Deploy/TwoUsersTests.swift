import Foundation
import Spawn
import TestSupport
import Testing

/// Ingress and worker as two users that share the store through a group, as `deploy/systemd` runs
/// them; and root, who lends a hand.
@Suite(.enabled(if: Probe.mayRunAsOthers, "needs root, and programs that others may read"))
struct TwoUsersTests {
    private let settings = SiteSettings(handlers: [
        SiteSettings.Handler(name: "note", command: ["note"])
    ])

    /// Gives the site's folder to its users, as tmpfiles.d does.
    private func hand(_ site: Site) throws {
        try site.script("note", "echo $SAMOVAR_DELIVERY >> done")
        let folder = site.folder
        unsafe chown(folder, uid_t(ServiceUsers.worker), gid_t(ServiceUsers.group))
        unsafe chmod(folder, 0o2770)
        unsafe chown(
            site.path("test.secret"),
            uid_t(ServiceUsers.ingress),
            gid_t(ServiceUsers.group)
        )
        unsafe chmod(site.path("test.secret"), 0o400)
    }

    private func startIngress(_ site: Site) throws -> RunningIngress {
        try site.startIngress(under: ServiceUsers.runs(as: ServiceUsers.ingress))
    }

    private func startWorker(_ site: Site) throws -> RunningProgram {
        let worker = try site.start(
            Binaries.worker,
            under: ServiceUsers.runs(as: ServiceUsers.worker)
        )
        try worker.awaitLine("working")
        return worker
    }

    private func samovar(
        _ arguments: [String],
        in site: Site,
        under wrapper: [String] = ["/bin/sh", "-c", "umask 022; exec \"$@\"", "sh"]
    ) throws -> String {
        let command = try site.start(Binaries.samovar, arguments: arguments, under: wrapper)
        #expect(try command.awaitExit() == .code(0), "\(arguments): \(command.output)")
        return command.output
    }

    /// Sends a delivery through both services.
    private func sendOne(_ site: Site, through ingress: RunningIngress) throws {
        let request = Request()
        try ingress.accept(request)
        try waitUntil("the handler to have run") {
            site.lines("done").contains(try #require(request.id))
        }
        try site.awaitQuiet()
    }

    private func ownersAreFine(_ site: Site) throws -> Bool {
        let doctor = try site.start(Binaries.samovar, arguments: ["doctor", "--json"])
        try doctor.awaitExit()
        let report = try JSONSerialization.jsonObject(with: Data(doctor.output.utf8))
        let checks = try #require((report as? [String: Any])?["checks"] as? [[String: Any]])
        let check = try #require(checks.first { $0["check"] as? String == "file_owners" })
        return check["level"] as? String == "ok"
    }

    @Test
    func `a delivery goes through both, also after both were killed`() async throws {
        try await Site.with(settings) { site in
            try hand(site)
            var ingress = try startIngress(site)
            var worker = try startWorker(site)
            try sendOne(site, through: ingress)
            ingress.program.killNow()
            worker.killNow()
            worker = try startWorker(site)
            ingress = try startIngress(site)
            try sendOne(site, through: ingress)
            #expect(try ownersAreFine(site))
            // The worker runs anybody's programs: the webhook's secret is not for it.
            let peek = try Deploy.run(
                ServiceUsers.runs(as: ServiceUsers.worker) + ["cat", site.path("test.secret")],
                in: site.folder,
                expecting: .code(1)
            )
            #expect(peek.contains("Permission denied"))
        }
    }

    @Test
    func `what root and an operator of the group make locks no service out`() async throws {
        try await Site.with(settings) { site in
            try hand(site)
            // First of all, so that every file is made by root.
            let both = try site.start(
                "up",
                under: ["/bin/sh", "-c", "umask 022; exec \"$@\"", "sh", Binaries.samovar]
            )
            let first = try RunningIngress(both)
            try both.awaitLine("working")
            try first.accept(Request())
            try site.awaitQuiet()
            both.signal(SIGTERM)
            try both.awaitExit()
            unsafe chown(site.path("done"), uid_t(ServiceUsers.worker), gid_t(ServiceUsers.group))
            #expect(try ownersAreFine(site))
            let ingress = try startIngress(site)
            let worker = try startWorker(site)
            try sendOne(site, through: ingress)
            let asOperator = ServiceUsers.runs(as: ServiceUsers.operatorUser, umask: "022")
            _ = try samovar(["status"], in: site, under: asOperator)
            _ = try samovar(["replay", "2"], in: site, under: asOperator)
            try site.awaitQuiet()
            try sendOne(site, through: ingress)
            worker.killNow()
            ingress.program.killNow()
            // The last one to close the store removes log and shared memory; the next one makes them.
            _ = try samovar(["status"], in: site, under: asOperator)
            let again = try startIngress(site)
            _ = try startWorker(site)
            try sendOne(site, through: again)
            #expect(try ownersAreFine(site))
        }
    }

    @Test
    func `a store that root restores is the services' own`() async throws {
        try await Site.with(settings) { site in
            try hand(site)
            let ingress = try startIngress(site)
            let worker = try startWorker(site)
            try sendOne(site, through: ingress)
            let backup = site.path("b.db")
            _ = try samovar(
                ["backup", backup],
                in: site,
                under: ServiceUsers.runs(as: ServiceUsers.worker)
            )
            for service in [ingress.program, worker] {
                service.signal(SIGTERM)
                try service.awaitExit()
            }
            for suffix in ["", "-wal", "-shm", ".turn"] { unsafe unlink(site.store + suffix) }
            _ = try samovar(["restore", backup], in: site)
            let restored = try startIngress(site)
            _ = try startWorker(site)
            _ = try samovar(["resume", "--everything"], in: site)
            try sendOne(site, through: restored)
            #expect(try ownersAreFine(site))
        }
    }

    @Test
    func `the doctor names what locks the services out, and the command that mends it`()
        async throws
    {
        try await Site.with(settings) { site in
            try hand(site)
            let ingress = try startIngress(site)
            try ingress.accept(Request())
            ingress.program.killNow()
            for file in [site.store + ".turn", site.path("doorbell")] {
                unsafe chown(file, 0, 0)
                unsafe chmod(file, 0o700)
            }
            #expect(try !ownersAreFine(site))
            let doctor = try site.start(Binaries.samovar, arguments: ["doctor", "--json"])
            try doctor.awaitExit()
            let hint = try #require(
                doctor.output.split(separator: "\"").first { $0.contains("chown ") }
            )
            let command = String(hint.drop { $0 != ":" }.dropFirst())
                .replacing("\\/", with: "/")
            try Deploy.run(["sh", "-c", command], in: site.folder)
            #expect(try ownersAreFine(site))
            let again = try startIngress(site)
            _ = try startWorker(site)
            try sendOne(site, through: again)
        }
    }
}
