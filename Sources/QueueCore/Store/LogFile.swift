import Glibc
import StateFolder

/// The bytes of SQLite's log, below SQLite (sqlite.org/fileformat2.html#walformat).
///
/// After a flush that failed the kernel takes the pages for clean, though they may never have
/// reached the disk (fsync(2)). The next process reads them from memory, takes the commit in them
/// for whole, and would append behind a hole: in a power cut all of that were lost, since SQLite
/// reads its log up to the first frame that does not fit. Writing the same bytes again makes the
/// pages dirty, so that the next flush tells the truth about them.
struct LogFile: ~Copyable {
    private let path: String
    private let descriptor: Int32

    private static let headerLength = 32
    private static let frameHeaderLength = 24
    private static let framesAtOnce = 256

    /// Nil when there is none.
    private init?(_ path: String) throws(StoreError) {
        self.path = path
        descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT { return nil }
            throw Self.failure(path)
        }
    }

    deinit {
        // SQLite's locks are on other files, so closing this descriptor drops none.
        close(descriptor)
    }

    /// Writes what is in a store's log again, and syncs it.
    ///
    /// The caller holds the write lock, so that nobody appends or begins the log anew.
    static func writeAgain(ofStore store: String) throws(StoreError) {
        guard let log = try LogFile(store + "-wal") else { return }
        try log.writeAgain()
    }

    private borrowing func writeAgain() throws(StoreError) {
        let header = try read(Self.headerLength, at: 0)
        guard header.count == Self.headerLength else { return }
        let pageLength = header[8..<12].reduce(0) { $0 << 8 | Int($1) }
        let salts = header[16..<24]
        let frameLength = Self.frameHeaderLength + pageLength
        try write(header[...], at: 0)
        var place = Self.headerLength
        while true {
            let bytes = try read(frameLength * Self.framesAtOnce, at: place)
            // Behind the last frame of this log are those of earlier ones, with other salts.
            let frames = (0..<bytes.count / frameLength).prefix { number in
                let frame = number * frameLength
                return bytes[frame + 8..<frame + 16].elementsEqual(salts)
            }
            guard !frames.isEmpty else { break }
            try write(bytes[..<(frames.count * frameLength)], at: place)
            place += frames.count * frameLength
        }
        guard fdatasync(descriptor) == 0 else { throw Self.failure(path) }
    }

    private func read(_ count: Int, at place: Int) throws(StoreError) -> [UInt8] {
        var failed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let read = unsafe pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: filled),
                    count - filled,
                    off_t(place + filled)
                )
                if read < 0, errno == EINTR { continue }
                failed = read < 0
                guard read > 0 else { return }
                filled += read
            }
        }
        if failed { throw Self.failure(path) }
        return bytes
    }

    private func write(_ bytes: ArraySlice<UInt8>, at place: Int) throws(StoreError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(
                    descriptor,
                    buffer.baseAddress?.advanced(by: written),
                    buffer.count - written,
                    off_t(place + written)
                )
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(path) }
            written += count
        }
    }

    private static func failure(_ path: String) -> StoreError {
        switch errno {
        case ENOSPC, EDQUOT: .full(path: path)
        case EROFS, EACCES: .readOnly(path: path)
        default: .inputOutput(path: path, reason: systemError())
        }
    }
}
