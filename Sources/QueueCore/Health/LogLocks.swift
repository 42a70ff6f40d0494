import Foundation

/// Who holds the store's log, as the kernel knows it: SQLite's readers and writers lock bytes of
/// the shared-memory file (sqlite.org/walformat.html, "WAL Locks").
///
/// That file is never opened here: closing it would drop SQLite's own locks.
package struct LogLocks: Equatable, Sendable {
    /// Processes in a read transaction; they keep pages in the log.
    package var readers: Set<Int32> = []
    /// The process in a write transaction.
    package var writers: Set<Int32> = []

    /// Reads the text of /proc/locks, or of a process's /proc/PID/fdinfo/FD.
    ///
    /// - Parameters:
    ///   - text: a line for each lock, such as `1: POSIX  ADVISORY  READ 228 fe:00:163 123 123`.
    ///   - inode: that of the shared-memory file.
    package init(_ text: String, inode: UInt64) {
        for line in text.split(separator: "\n") {
            var words = line.split { $0 == " " || $0 == "\t" }
            if words.first == "lock:" { words.removeFirst() }
            // A waiting one has an arrow before its kind, and holds nothing.
            guard words.count == 8, words[1] == "POSIX", let pid = Int32(words[4]),
                let file = words[5].split(separator: ":").last, UInt64(file) == inode,
                let first = Int(words[6]), let last = Int(words[7])
            else { continue }
            if words[3] == "READ", Self.readBytes.overlaps(first...last) { readers.insert(pid) }
            if words[3] == "WRITE", (first...last).contains(Self.writeByte) { writers.insert(pid) }
        }
    }

    /// Those given.
    package init(readers: Set<Int32> = [], writers: Set<Int32> = []) {
        self.readers = readers
        self.writers = writers
    }

    /// Who is in most of several looks.
    ///
    /// Not in all: the kernel writes the list of all locks piece by piece, and what stands behind a
    /// lock that goes meanwhile may be left out.
    package static func lasting(in looks: [LogLocks]) -> LogLocks {
        func most(_ pids: [Int32]) -> Set<Int32> {
            let counts = Dictionary(pids.map { ($0, 1) }, uniquingKeysWith: +)
            return Set(counts.filter { $0.value * 2 > looks.count }.keys)
        }
        return LogLocks(
            readers: most(looks.flatMap(\.readers)),
            writers: most(looks.flatMap(\.writers))
        )
    }

    private static let writeByte = 120
    private static let readBytes = 123...127
}

extension LogLocks {
    /// Those that hold on: Samovar's own transactions take milliseconds.
    package static func lasting(store: String) async -> LogLocks {
        var info = stat()
        // Without it nobody has the store open.
        guard unsafe stat(store + "-shm", &info) == 0 else { return LogLocks() }
        let inode = UInt64(info.st_ino)
        let files = ["/proc/locks"] + descriptors(of: inode)
        var seen: [LogLocks] = []
        for look in 0..<looks {
            // Cancelled, it looks at once.
            if look > 0 { try? await Task.sleep(for: .milliseconds(100)) }
            // Those that are gone hold nothing any more.
            let text = files.compactMap { FileManager.default.contents(atPath: $0) }
                .map { String(decoding: $0, as: UTF8.self) }
                .joined(separator: "\n")
            seen.append(LogLocks(text, inode: inode))
        }
        return lasting(in: seen)
    }

    private static let looks = 5

    /// The process in a write transaction now that may stay in it: a shell, or one that was stopped.
    ///
    /// Looked for when a write has waited in vain, where nobody can wait for ``lasting(store:)``: for
    /// some milliseconds, since the list of all locks may leave one out.
    ///
    /// - Returns: nil when there is none, or one that cannot be seen.
    static func longWriter(store: String) -> ProcessName? {
        var info = stat()
        guard unsafe stat(store + "-shm", &info) == 0 else { return nil }
        for look in 0..<looks {
            if look > 0 { usleep(1_000) }
            guard let list = FileManager.default.contents(atPath: "/proc/locks") else { return nil }
            let locks = LogLocks(String(decoding: list, as: UTF8.self), inode: UInt64(info.st_ino))
            let writers = locks.writers.subtracting([getpid()]).compactMap { ProcessName(pid: $0) }
            if let writer = writers.first(where: \.mayHoldLong) { return writer }
        }
        return nil
    }

    /// What the kernel tells of each descriptor of a file, of those processes that this user may
    /// look at; it is exact where the list of all locks is not.
    private static func descriptors(of inode: UInt64) -> [String] {
        let files = FileManager.default
        let pids = (try? files.contentsOfDirectory(atPath: "/proc")) ?? []
        return pids.filter { Int32($0) != nil }.flatMap { pid in
            // Gone since, or another user's.
            let numbers = (try? files.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
            return numbers.filter { number in
                let link = "/proc/\(pid)/fd/\(number)"
                // Only those are looked at further: another one may be on a disk that hangs.
                let target = try? files.destinationOfSymbolicLink(atPath: link)
                guard target?.contains("-shm") == true else { return false }
                var info = stat()
                return unsafe stat(link, &info) == 0 && UInt64(info.st_ino) == inode
            }.map { "/proc/\(pid)/fdinfo/\($0)" }
        }
    }
}
