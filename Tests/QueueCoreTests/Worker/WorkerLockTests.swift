import Foundation
import QueueCore
import TestSupport
import Testing

@Suite
struct WorkerLockTests {
    private let worker = WorkerID(rawValue: "w1")

    @Test
    func `a worker lives while its lock is held, and no longer`() async throws {
        try await withTemporaryFolder { folder in
            #expect(!WorkerLock.isHeld(stateFolder: folder, worker: worker))
            let lock = try WorkerLock(stateFolder: folder, worker: worker)
            #expect(WorkerLock.isHeld(stateFolder: folder, worker: worker))
            // Looking takes nothing away.
            #expect(WorkerLock.isHeld(stateFolder: folder, worker: worker))
            #expect(!WorkerLock.isHeld(stateFolder: folder, worker: WorkerID(rawValue: "w2")))
            lock.release()
            #expect(!WorkerLock.isHeld(stateFolder: folder, worker: worker))
            #expect(!FileManager.default.fileExists(atPath: folder + "/workers/w1.lock"))
        }
    }

    @Test
    func `a lock has one holder`() async throws {
        try await withTemporaryFolder { folder in
            let lock = try WorkerLock(stateFolder: folder, worker: worker)
            #expect(throws: StoreError.self) {
                try WorkerLock(stateFolder: folder, worker: worker)
            }
            lock.release()
        }
    }

    @Test
    func `a file that nobody locks is a dead worker's`() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                atPath: folder + "/workers",
                withIntermediateDirectories: false
            )
            let path = folder + "/workers/w1.lock"
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(!WorkerLock.isHeld(stateFolder: folder, worker: worker))
            WorkerLock.remove(stateFolder: folder, worker: worker)
            #expect(!FileManager.default.fileExists(atPath: path))
            WorkerLock.remove(stateFolder: folder, worker: worker)
        }
    }

    @Test
    func `the kernel lets go of a lock when its process is gone, however it died`() async throws {
        try await withTemporaryFolder { folder in
            await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
                let worker = WorkerID(rawValue: "w1")
                let lock = try WorkerLock(stateFolder: folder, worker: worker)
                #expect(WorkerLock.isHeld(stateFolder: folder, worker: worker))
                kill(getpid(), SIGKILL)
                lock.release()
            }
            #expect(FileManager.default.fileExists(atPath: folder + "/workers/w1.lock"))
            #expect(!WorkerLock.isHeld(stateFolder: folder, worker: worker))
        }
    }

    @Test
    func `a lock that cannot be made is an error that names its place`() async throws {
        try await withTemporaryFolder { folder in
            try Data().write(to: URL(fileURLWithPath: folder + "/workers"))
            let error = #expect(throws: StoreError.self) {
                try WorkerLock(stateFolder: folder, worker: worker)
            }
            #expect(error?.description.contains(folder) == true)
        }
    }

    @Test
    func `a lock whose file was deleted is held again under its name`() async throws {
        try await withTemporaryFolder { folder in
            let lock = try WorkerLock(stateFolder: folder, worker: worker)
            #expect(try lock.keep())
            for gone in ["/workers/w1.lock", "/workers"] {
                try FileManager.default.removeItem(atPath: folder + gone)
                #expect(WorkerLock.state(stateFolder: folder, worker: worker) == .missing)
                #expect(try !lock.keep())
                #expect(WorkerLock.isHeld(stateFolder: folder, worker: worker))
                #expect(try lock.keep())
            }
            // Nothing else is left in the folder.
            let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/workers")
            #expect(names == ["w1.lock"])
            let targets: [RoutingTarget] = [
                .delivery(DeliverySeq(rawValue: 17)),
                .replay(id: 3, of: DeliverySeq(rawValue: 17)),
            ]
            lock.note(routing: targets)
            #expect(WorkerLock.wasRouting(stateFolder: folder, worker: worker) == targets)
            lock.note(routing: [])
            #expect(WorkerLock.wasRouting(stateFolder: folder, worker: worker).isEmpty)
            lock.release()
            #expect(WorkerLock.state(stateFolder: folder, worker: worker) == .missing)
        }
    }

    @Test
    func `a lock whose file was replaced by a copy is held again under its name`() async throws {
        try await withTemporaryFolder { folder in
            let lock = try WorkerLock(stateFolder: folder, worker: worker)
            let path = folder + "/workers/w1.lock"
            try FileManager.default.removeItem(atPath: path)
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(WorkerLock.state(stateFolder: folder, worker: worker) == .free)
            #expect(try !lock.keep())
            #expect(WorkerLock.isHeld(stateFolder: folder, worker: worker))
            lock.release()
        }
    }
}
