import Foundation

/// An open spool file, as bytes.
struct SpoolDescriptor {
    let path: String
    let number: Int32

    var length: Int {
        get throws(SpoolError) {
            var info = stat()
            guard unsafe fstat(number, &info) == 0 else { throw readFailure() }
            return Int(info.st_size)
        }
    }

    /// Reads up to so many bytes; fewer at the end of the file.
    func read(_ count: Int, at offset: Int) throws(SpoolError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(
                    number,
                    buffer.baseAddress?.advanced(by: done),
                    count - done,
                    off_t(offset + done)
                )
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw readFailure() }
            if got == 0 { break }
            done += got
        }
        bytes.removeLast(count - done)
        return bytes
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(SpoolError) {
        var done = 0
        while done < bytes.count {
            let put = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(
                    number,
                    buffer.baseAddress?.advanced(by: done),
                    bytes.count - done,
                    off_t(offset + done)
                )
            }
            if put < 0, errno == EINTR { continue }
            guard put > 0 else { throw writeFailure() }
            done += put
        }
    }

    /// When this returns, what was written survives a power cut.
    func sync() throws(SpoolError) {
        let start = SuspendingClock.now
        defer { StoreMetrics.noteSync(of: .spool, took: start.duration(to: .now)) }
        while fdatasync(number) != 0 {
            guard errno == EINTR else { throw writeFailure() }
        }
    }

    func truncate(to length: Int) throws(SpoolError) {
        while ftruncate(number, off_t(length)) != 0 {
            guard errno == EINTR else { throw writeFailure() }
        }
    }

    /// A new name survives a power cut only when its folder is synced too.
    static func syncFolder(of path: String) throws(SpoolError) {
        let folder = (path as NSString).deletingLastPathComponent
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotOpen(file: path, reason: systemError()) }
        defer { close(descriptor) }
        // A file system that cannot sync folders keeps its names by other means.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw .cannotWrite(file: path, reason: systemError())
        }
    }

    private func writeFailure() -> SpoolError {
        errno == ENOSPC || errno == EDQUOT || errno == EFBIG
            ? .diskFull(file: path) : .cannotWrite(file: path, reason: systemError())
    }

    private func readFailure() -> SpoolError {
        .cannotRead(file: path, reason: systemError())
    }
}
