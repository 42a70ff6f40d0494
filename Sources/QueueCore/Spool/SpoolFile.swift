import Foundation
import StateFolder
import Synchronization

/// Deliveries that the store could not take, kept on a second path until it can.
///
/// One append-only file (``SpoolFormat``), used by one process at a time. What ``append(_:)``
/// returned for is synced, in the file that the path leads to. Everything but ``depth``, ``store``
/// and ``trouble`` waits for the disk, and belongs to one thread.
package final class SpoolFile: Sendable {
    /// Deliveries read from the front.
    package struct Batch: Sendable {
        package var deliveries: [Delivery]
        /// Where what follows them begins.
        fileprivate var end: Int
    }

    /// What opening found that a crash or a disk left behind.
    package struct Leftover: Equatable, Sendable {
        package var file: String
        /// Bytes of an append that was cut short, or of what was set aside.
        package var bytes: Int
        /// Where damaged bytes were put; nil for an append that was cut short.
        package var setAside: String?
    }

    /// How much waits.
    package struct Depth: Equatable, Sendable {
        package var deliveries = 0
        package var bytes = 0
        /// When the first delivery came that the file still holds.
        package var oldest: Timestamp?
    }

    private struct State {
        /// Where the next import begins.
        var front: Int
        /// Where the next append begins; all before it is synced.
        var end: Int
        var depth: Depth
        var store: String?
        /// Set when a failed append could not be taken back: nothing may follow it.
        var brokenBy: SpoolError?
        /// Whether the last append found that the file was taken away.
        var isLost = false
    }

    package let path: String
    package let bytesMax: Int
    /// What ``init(path:bytesMax:now:)`` found.
    package let leftover: Leftover?
    private let file: SpoolDescriptor
    private let identity: FileIdentity?
    private let state: Mutex<State>

    /// Opens the spool, making it when it is missing.
    ///
    /// An append that was cut short is cut off: nobody was promised anything of it. Damaged bytes
    /// are first copied to `<path>.damaged-<time>`: they may be of acknowledged deliveries.
    ///
    /// - Parameters:
    ///   - path: the file; its folder exists.
    ///   - bytesMax: how large it may become.
    ///   - now: names what is set aside.
    /// - Throws: also when another process has it.
    package init(path: String, bytesMax: Int, now: Timestamp) throws(SpoolError) {
        self.path = path
        self.bytesMax = bytesMax
        file = SpoolDescriptor(path: path, number: try Self.open(path))
        identity = FileIdentity(descriptor: file.number)
        do throws(SpoolError) {
            let store = try Self.readHeader(file)
            Self.keepPrivate(file)
            var walk = SpoolWalk(file)
            try walk.toEnd()
            leftover = try Self.clear(file, walk, now: now)
            let depth = Depth(
                deliveries: walk.deliveries,
                bytes: walk.end - SpoolFormat.headerLength,
                oldest: try walk.oldest()
            )
            state = Mutex(
                State(
                    front: SpoolFormat.headerLength,
                    end: walk.end,
                    depth: depth,
                    store: store
                )
            )
        } catch {
            close(file.number)
            throw error
        }
    }

    deinit {
        close(file.number)
    }

    /// The store whose deliveries these are; nil while that is not known.
    package var store: String? { state.withLock(\.store) }

    package var depth: Depth { state.withLock(\.depth) }

    /// Why nothing more can be appended, if that is so.
    package var trouble: SpoolError? {
        state.withLock { state in
            if let brokenBy = state.brokenBy { return brokenBy }
            if state.isLost { return .lost(file: path) }
            let isFull = state.end + SpoolFormat.headLength >= bytesMax
            return isFull ? .full(file: path, bytesMax: bytesMax) : nil
        }
    }

    // MARK: Appending

    /// Appends deliveries in one frame.
    ///
    /// When this returns, those that it counts survive a power cut, and the next start finds them: a
    /// file that was deleted or moved takes bytes as ever, and nobody would look for them there. So
    /// the path is looked up after each sync (a system call of about a microsecond).
    ///
    /// - Parameter deliveries: at least one.
    /// - Returns: how many there was room for, at least one.
    /// - Throws: nothing is appended then.
    package func append(_ deliveries: [Delivery]) throws(SpoolError) -> Int {
        let (end, brokenBy) = state.withLock { ($0.end, $0.brokenBy) }
        if let brokenBy { throw brokenBy }
        var frame = SpoolFormat.Frame()
        for delivery in deliveries {
            let length = frame.length + SpoolFormat.length(of: delivery)
            guard end + length <= bytesMax, length <= Int(UInt32.max) else { break }
            frame.add(delivery)
        }
        let (count, length) = (frame.deliveries, frame.length)
        guard count > 0 else { throw .full(file: path, bytesMax: bytesMax) }
        do throws(SpoolError) {
            try file.write(frame.finish(), at: end)
            try file.sync()
            guard FileIdentity(path) == identity else { throw .lost(file: path) }
        } catch {
            takeBack(to: end, after: error)
            throw error
        }
        state.withLock { state in
            // It was put back.
            state.isLost = false
            state.end += length
            state.depth.bytes += length
            state.depth.deliveries += count
            state.depth.oldest = state.depth.oldest ?? deliveries[0].receivedAt
        }
        return count
    }

    /// Cuts off an append that failed; the page that the next one begins in is written anew then, so
    /// that its sync tells the truth about it.
    private func takeBack(to end: Int, after failure: SpoolError) {
        if case .lost = failure { state.withLock { $0.isLost = true } }
        do throws(SpoolError) {
            try file.truncate(to: end)
        } catch {
            state.withLock { $0.brokenBy = failure }
        }
    }

    /// Notes whose deliveries these are.
    package func belong(to store: String) throws(SpoolError) {
        try file.write(SpoolFormat.header(store: store), at: 0)
        try file.sync()
        state.withLock { $0.store = store }
    }

    // MARK: Importing

    /// Reads what comes next, without removing it: whole frames of about so many bytes.
    ///
    /// - Returns: nil when nothing waits.
    /// - Throws: `.damaged` for bytes that are not what was written: ``setAsideDamage(now:)``.
    package func read(atMost bytesMost: Int) throws(SpoolError) -> Batch? {
        let (front, end) = state.withLock { ($0.front, $0.end) }
        var batch = Batch(deliveries: [], end: front)
        while batch.end < end {
            guard let head = try head(at: batch.end, before: end) else {
                if !batch.deliveries.isEmpty { break }
                throw .damaged(file: path, offset: batch.end)
            }
            let isFirst = batch.deliveries.isEmpty
            guard isFirst || batch.end + head.frameLength - front <= bytesMost else { break }
            let payload = try file.read(
                head.payloadLength,
                at: batch.end + SpoolFormat.headLength
            )
            guard let deliveries = SpoolFormat.deliveries(payload, head: head) else {
                if !isFirst { break }
                throw .damaged(file: path, offset: batch.end)
            }
            batch.deliveries += deliveries
            batch.end += head.frameLength
        }
        return batch.deliveries.isEmpty ? nil : batch
    }

    /// Goes on behind a batch that the store has committed.
    package func markImported(_ batch: Batch) {
        state.withLock { state in
            state.depth.bytes -= batch.end - state.front
            state.depth.deliveries -= batch.deliveries.count
            state.front = batch.end
        }
    }

    /// Empties the file when all that is in it was imported.
    ///
    /// A crash before that costs another import, which finds all of it in the store.
    package func emptyWhenImported() throws(SpoolError) {
        let isDone = state.withLock { $0.front == $0.end && $0.end > SpoolFormat.headerLength }
        guard isDone else { return }
        try file.truncate(to: SpoolFormat.headerLength)
        state.withLock { state in
            state.front = SpoolFormat.headerLength
            state.end = SpoolFormat.headerLength
            state.depth.oldest = nil
            state.depth.deliveries = 0
        }
        try file.sync()
    }

    /// Nil when these are no bytes of a head, or its frame does not end where frames do.
    private func head(at place: Int, before end: Int) throws(SpoolError) -> SpoolFormat.Head? {
        let bytes = try file.read(SpoolFormat.headLength, at: place)
        let head = SpoolFormat.Head.mended(bytes)
        return head.flatMap { place + $0.frameLength <= end ? $0 : nil }
    }

    /// Copies the damaged frame to another file, and goes on behind it; where its head does not say
    /// where it ends, everything from there on is copied and cut off.
    ///
    /// Called where appends are made, after ``read(atMost:)`` found damage at the front.
    package func setAsideDamage(now: Timestamp) throws(SpoolError) -> Leftover {
        let (front, end) = state.withLock { ($0.front, $0.end) }
        guard let head = try head(at: front, before: end) else {
            return try cutOff(from: front, to: end, now: now)
        }
        let next = front + head.frameLength
        let name = try Self.setAside(file, from: front, to: next, now: now)
        state.withLock { state in
            state.front = next
            state.depth.bytes -= head.frameLength
            state.depth.deliveries -= head.deliveries
        }
        try emptyWhenImported()
        return Leftover(file: path, bytes: head.frameLength, setAside: name)
    }

    private func cutOff(from front: Int, to end: Int, now: Timestamp) throws(SpoolError) -> Leftover
    {
        let name = try Self.setAside(file, from: front, to: end, now: now)
        try file.truncate(to: front)
        try file.sync()
        state.withLock { state in
            state.end = front
            state.depth.bytes = 0
            state.depth.deliveries = 0
        }
        return Leftover(file: path, bytes: end - front, setAside: name)
    }

    /// What the name of the file with refused deliveries ends in.
    package static var refusedSuffix: String { SpoolContents.refused }

    /// Keeps deliveries that were acknowledged and that the store refuses, in `<path>.refused`.
    package func keepRefused(_ deliveries: [Delivery], now: Timestamp) throws(SpoolError) {
        let refused = try SpoolFile(path: path + SpoolContents.refused, bytesMax: .max, now: now)
        var left = deliveries[...]
        while !left.isEmpty {
            left = left.dropFirst(try refused.append(Array(left)))
        }
    }
}

// MARK: - Opening

extension SpoolFile {
    private static func open(_ path: String) throws(SpoolError) -> Int32 {
        let descriptor = StateFile.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
        guard descriptor >= 0 else { throw .cannotOpen(file: path, reason: systemError()) }
        do throws(SpoolError) {
            try checkOwner(of: descriptor, path)
            try lock(descriptor, path)
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func checkOwner(of descriptor: Int32, _ path: String) throws(SpoolError) {
        var info = stat()
        guard unsafe fstat(descriptor, &info) == 0 else {
            throw .cannotOpen(file: path, reason: systemError())
        }
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw .cannotOpen(file: path, reason: "it is no regular file")
        }
        let isOwn = info.st_uid == geteuid()
        guard isOwn || geteuid() == 0 else { throw .notOwned(file: path, user: Int(info.st_uid)) }
    }

    /// Payloads of private repositories are for nobody else.
    ///
    /// Once it is known to be a spool: a path may lead to somebody's file by mistake.
    private static func keepPrivate(_ file: SpoolDescriptor) {
        var info = stat()
        guard unsafe fstat(file.number, &info) == 0, info.st_mode & 0o077 != 0 else { return }
        // As good as it gets: `samovar doctor` tells the mode.
        _ = fchmod(file.number, 0o600)
    }

    /// The one who had it may be ending just now.
    private static func lock(_ descriptor: Int32, _ path: String) throws(SpoolError) {
        let tries = Int(Limits.spoolLockPatience.seconds / 0.05)
        for _ in 0..<tries {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw .cannotOpen(file: path, reason: systemError())
            }
            usleep(50_000)
        }
        throw .inUse(file: path)
    }

    private static func readHeader(_ file: SpoolDescriptor) throws(SpoolError) -> String? {
        let bytes = try file.read(SpoolFormat.headerLength, at: 0)
        switch SpoolFormat.readHeader(bytes, fileLength: try file.length) {
        case .spool(let store): return store
        case .foreign: throw .notASpool(file: file.path)
        case .newer(let version): throw .newer(file: file.path, version: version)
        case .unfinished:
            try file.write(SpoolFormat.header(store: nil), at: 0)
            try file.sync()
            try SpoolDescriptor.syncFolder(of: file.path)
            return nil
        }
    }

    /// Makes the file end where its last whole frame does.
    private static func clear(
        _ file: SpoolDescriptor,
        _ walk: SpoolWalk,
        now: Timestamp
    ) throws(SpoolError) -> Leftover? {
        switch walk.rest {
        case .none:
            return nil
        case .torn(let bytes):
            try file.truncate(to: walk.end)
            try file.sync()
            return Leftover(file: file.path, bytes: bytes)
        case .damaged(let bytes):
            let name = try setAside(file, from: walk.end, to: walk.end + bytes, now: now)
            try file.truncate(to: walk.end)
            try file.sync()
            return Leftover(file: file.path, bytes: bytes, setAside: name)
        }
    }

    /// Copies a part of the file to one of its own, whose name says when.
    private static func setAside(
        _ file: SpoolDescriptor,
        from start: Int,
        to end: Int,
        now: Timestamp
    ) throws(SpoolError) -> String {
        let name = "\(file.path)\(SpoolContents.damaged)\(now.rawValue)"
        let descriptor = StateFile.open(name, O_WRONLY | O_EXCL, mode: 0o600)
        guard descriptor >= 0 else { throw .cannotOpen(file: name, reason: systemError()) }
        defer { close(descriptor) }
        let copy = SpoolDescriptor(path: name, number: descriptor)
        do throws(SpoolError) {
            var place = start
            while place < end {
                let bytes = try file.read(min(Limits.batchBytes, end - place), at: place)
                guard !bytes.isEmpty else { break }
                try copy.write(bytes, at: place - start)
                place += bytes.count
            }
            try copy.sync()
            try SpoolDescriptor.syncFolder(of: name)
        } catch {
            // Half a copy beside the whole original is of no use.
            unsafe unlink(name)
            throw error
        }
        return name
    }
}
