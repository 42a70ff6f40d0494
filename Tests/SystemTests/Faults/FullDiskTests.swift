import Foundation
import Spawn
import TestSupport
import Testing

/// The ingress on a real disk that is full, or mounted read-only.
@Suite
struct FullDiskTests {
    @Test
    func `a full disk is 503, room makes it work again, and nothing acknowledged is lost`()
        async throws
    {
        try await SmallDisk.with(megabytes: 16) { site, disk in
            let promises = Promises()
            try disk.occupy(bytes: 8 << 20)
            let ingress = try site.startIngress()
            try await promises.load(ingress, clients: 4) { promises.refused >= 20 }
            let full = promises.count
            #expect(full > 0)
            #expect(try ingress.health("/readyz").status == 503)
            try promises.checkAll(storeAt: disk.store)

            try disk.makeRoom()
            for _ in 1...20 { #expect(try promises.send(Request(), to: ingress).status == 202) }
            #expect(try ingress.health("/readyz").status == 200)
            ingress.program.killNow()
            let second = try site.startIngress()
            #expect(try promises.send(Request(), to: second).status == 202)
            try promises.checkAll(storeAt: disk.store)
        }
    }

    @Test
    func `killed on a full disk and started there, it serves again when there is room`()
        async throws
    {
        try await SmallDisk.with(megabytes: 16) { site, disk in
            let promises = Promises()
            try disk.occupy(bytes: 8 << 20)
            let ingress = try site.startIngress()
            try await promises.load(ingress, clients: 4) { promises.refused >= 20 }
            ingress.program.killNow()
            // It may start or say why not; what is there stays as it is.
            let trial = try site.start(Binaries.ingress)
            try waitUntil("it to start or to end") {
                trial.output.contains("health address=") || trial.hasEnded
            }
            trial.killNow()
            try promises.checkAll(storeAt: disk.store)
            try disk.makeRoom()
            let second = try site.startIngress()
            #expect(try promises.send(Request(), to: second).status == 202)
            second.program.killNow()
            try promises.checkAll(storeAt: disk.store)
        }
    }

    @Test
    func `on a read-only disk it does not start, says so, and loses nothing`() async throws {
        try await SmallDisk.with(megabytes: 16) { site, disk in
            let promises = Promises()
            let ingress = try site.startIngress()
            for _ in 1...50 { try promises.send(Request(), to: ingress) }
            // The log is still there: it must be read back when the disk can be written again.
            ingress.program.killNow()
            try disk.remount(readOnly: true)
            let trial = try site.start(Binaries.ingress)
            #expect(try trial.awaitExit() == .code(69))
            #expect(trial.output.lowercased().contains("read-only"))
            try disk.remount(readOnly: false)
            let second = try site.startIngress()
            #expect(try promises.send(Request(), to: second).status == 202)
            try promises.checkAll(storeAt: disk.store)
        }
    }
}
