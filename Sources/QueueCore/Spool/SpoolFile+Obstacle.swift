import Foundation

extension SpoolFile {
    /// Why a start could not open the spool at a path, as far as can be told without making it,
    /// locking it or changing anything.
    ///
    /// That another process has it is no obstacle: it may be the ingress, at work.
    package static func obstacle(at path: String) -> SpoolError? {
        var info = stat()
        guard unsafe lstat(path, &info) == 0 else {
            let code = errno
            guard code == ENOENT else { return .cannotOpen(file: path, reason: systemError(code)) }
            let folder = (path as NSString).deletingLastPathComponent
            return unsafe access(folder, W_OK | X_OK) == 0
                ? nil : .cannotOpen(file: path, reason: systemError())
        }
        switch info.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: return .cannotOpen(file: path, reason: systemError(EISDIR))
        case S_IFLNK: return .cannotOpen(file: path, reason: systemError(ELOOP))
        default: return .cannotOpen(file: path, reason: "it is no regular file")
        }
        guard info.st_uid == geteuid() || geteuid() == 0 else {
            return .notOwned(file: path, user: Int(info.st_uid))
        }
        guard unsafe access(path, R_OK | W_OK) == 0 else {
            return .cannotOpen(file: path, reason: systemError())
        }
        return nil
    }
}

extension SpoolError {
    /// Whether a disk or a mount is behind it, rather than another process or a wrong path: then an
    /// ingress that has a store serves without the spool.
    package var isOfDisk: Bool {
        switch self {
        case .cannotOpen, .full, .diskFull, .cannotWrite, .cannotRead, .lost, .damaged: true
        case .notASpool, .newer, .notOwned, .inUse: false
        }
    }
}
