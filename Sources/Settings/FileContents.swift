import Glibc

/// A regular file, read whole.
struct FileContents {
    /// What is in it.
    let bytes: [UInt8]

    /// Its permission bits.
    let mode: mode_t

    /// Opens and reads `path`.
    ///
    /// - Parameters:
    ///   - path: where it is; relative paths start at the working folder.
    ///   - sizeMax: a larger file is refused before it is read.
    /// - Throws: why there is nothing to read.
    init(path: String, sizeMax: Int) throws(FileProblem) {
        // O_NONBLOCK: opening a FIFO would wait for its writer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileProblem(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw FileProblem(errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw .folder
        default: throw .special
        }
        guard status.st_size <= sizeMax else { throw .tooLarge }
        bytes = try Self.readAll(descriptor, sizeMax: sizeMax)
        mode = status.st_mode & 0o7777
    }

    private static func readAll(
        _ descriptor: Int32,
        sizeMax: Int
    ) throws(FileProblem) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileProblem(errno) }
            guard count > 0 else { return bytes }
            bytes += buffer.prefix(count)
            // It may have grown since its size was asked for.
            guard bytes.count <= sizeMax else { throw .tooLarge }
        }
    }
}

extension FileContents {
    /// Whether this process may execute the file.
    static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return false
        }
        return unsafe access(path, X_OK) == 0
    }

    /// Whether there is a folder, or a link to one.
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Why nobody can tell what is at a path, or that nothing is; nil when something is.
    static func problem(at path: String) -> FileProblem? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? nil : FileProblem(errno)
    }
}

/// Why a file could not be read.
enum FileProblem: Error {
    case missing
    case denied
    case folder

    /// A device, a socket or a FIFO.
    case special
    case tooLarge

    /// Anything else, in the system's words.
    case other(String)

    /// From what `open` or `read` left in `errno`.
    init(_ code: Int32) {
        switch code {
        case ENOENT: self = .missing
        case EACCES, EPERM: self = .denied
        default: self = .other(Self.text(of: code))
        }
    }

    /// The system's words for an error number.
    private static func text(of code: Int32) -> String {
        // In glibc, strerror's storage belongs to the calling thread.
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
}
