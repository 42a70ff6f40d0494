import Foundation
import StateFolder
import Synchronization

/// A worker's life, as a lock on `<state>/workers/<id>.lock`.
///
/// The kernel lets go of it the instant the process is gone, however it died, also in another
/// container that shares the folder; so a lock that is free means a dead worker, without waiting
/// for a lease to run out.
package final class WorkerLock: Sendable {
    /// The open file; another one after its name was lost.
    private let descriptor: Mutex<Int32>
    package let path: String
    private let folder: String

    /// Creates and takes the lock of a fresh worker.
    ///
    /// - Throws: `.cannotOpen` when the folder cannot be made or written.
    package init(stateFolder: String, worker: WorkerID) throws(StoreError) {
        folder = Self.folder(of: stateFolder)
        path = Self.path(of: worker, stateFolder: stateFolder)
        let taken = try Self.take(path, in: folder)
        descriptor = Mutex(taken)
    }

    /// - Returns: the descriptor of a locked file.
    private static func take(_ path: String, in folder: String) throws(StoreError) -> Int32 {
        guard StateFile.makeFolder(folder) else {
            throw .cannotOpen(path: folder, reason: systemError())
        }
        let descriptor = StateFile.open(path, O_RDWR)
        guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: systemError()) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = systemError()
            close(descriptor)
            throw .cannotOpen(path: path, reason: reason)
        }
        return descriptor
    }

    /// Looks whether others find this lock under its name, and makes the file anew when they do not.
    ///
    /// Somebody may have deleted or replaced it; the kernel keeps the lock, and nobody sees it. The
    /// new file is locked before it has its name, so that it is never there and free.
    ///
    /// - Returns: false when it had to be made anew: others may have taken this worker for dead.
    /// - Throws: `.cannotOpen` when it cannot be made.
    package func keep() throws(StoreError) -> Bool {
        if isInPlace { return true }
        let fresh = path + ".new"
        // Of an earlier try.
        unsafe unlink(fresh)
        let taken = try Self.take(fresh, in: folder)
        guard unsafe rename(fresh, path) == 0 else {
            let reason = systemError()
            close(taken)
            throw .cannotOpen(path: path, reason: reason)
        }
        let old = descriptor.withLock { descriptor in
            defer { descriptor = taken }
            return descriptor
        }
        close(old)
        return false
    }

    private var isInPlace: Bool {
        descriptor.withLock { descriptor in
            FileIdentity(path).map { $0 == FileIdentity(descriptor: descriptor) } ?? false
        }
    }

    /// Notes what this worker is about to decode, for whoever finds it dead; empty when it is done.
    ///
    /// A note in this file costs no commit, and outlives a crash of the process, which is what a
    /// poisoned payload can cause. It is gone again within milliseconds and never synced, so that a
    /// power cut, which is no payload's fault, leaves none.
    package func note(routing targets: [RoutingTarget]) {
        let text = targets.map { Self.line($0) + "\n" }.joined()
        descriptor.withLock { descriptor in
            ftruncate(descriptor, 0)
            guard !targets.isEmpty else { return }
            // A note that is not written (a full disk) blames nobody, as an ordinary crash does.
            _ = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
                unsafe pwrite(descriptor, bytes.baseAddress, bytes.count, 0)
            }
        }
    }

    /// What a dead worker had begun to decode.
    package static func wasRouting(
        stateFolder: String,
        worker: WorkerID
    ) -> [RoutingTarget] {
        // Gone, or never written: then there is nobody to blame.
        let path = path(of: worker, stateFolder: stateFolder)
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap(target)
    }

    /// `delivery 17`, or `replay 3 17`: its id, and the delivery's seq.
    private static func line(_ target: RoutingTarget) -> String {
        switch target {
        case .delivery(let seq): "delivery \(seq)"
        case .replay(let id, let seq): "replay \(id) \(seq)"
        }
    }

    private static func target(_ line: Substring) -> RoutingTarget? {
        let words = line.split(separator: " ")
        let numbers = words.dropFirst().compactMap { Int64($0) }
        return switch (words.first, numbers.count) {
        case ("delivery", 1): .delivery(DeliverySeq(rawValue: numbers[0]))
        case ("replay", 2): .replay(id: numbers[0], of: DeliverySeq(rawValue: numbers[1]))
        default: nil
        }
    }

    /// Lets go of the lock and removes its file; called when the worker's row says it stopped.
    package func release() {
        unsafe unlink(path)
        descriptor.withLock { _ = close($0) }
    }

    /// What a lock looks like from outside.
    package enum State: Sendable {
        case held
        /// Its worker is dead.
        case free
        /// It was never there, or somebody deleted it: a living worker makes it anew.
        case missing
    }

    /// Looks at a worker's lock.
    package static func state(stateFolder: String, worker: WorkerID) -> State {
        let descriptor = unsafe open(path(of: worker, stateFolder: stateFolder), O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return errno == ENOENT ? .missing : .held }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) == 0 ? .free : .held
    }

    /// Whether a worker lives, at one look.
    package static func isHeld(stateFolder: String, worker: WorkerID) -> Bool {
        state(stateFolder: stateFolder, worker: worker) == .held
    }

    /// Removes the file of a worker that is known to be dead.
    package static func remove(stateFolder: String, worker: WorkerID) {
        unsafe unlink(path(of: worker, stateFolder: stateFolder))
    }

    private static func folder(of stateFolder: String) -> String {
        stateFolder + "/workers"
    }

    private static func path(of worker: WorkerID, stateFolder: String) -> String {
        "\(folder(of: stateFolder))/\(worker).lock"
    }
}

/// What a system call's error is, for people; by default the last one's.
package func systemError(_ number: Int32 = errno) -> String {
    unsafe String(cString: strerror(number))
}
