import Foundation

extension SQLiteStore {
    /// Why a store could not be made at a path, as far as can be told without making anything.
    ///
    /// - Parameter path: of a file that is not there; folders that are missing would be made.
    /// - Returns: nil when nothing is in the way.
    package static func obstacle(toMaking path: String) -> StoreError? {
        let folder = (path as NSString).deletingLastPathComponent
        var nearest = folder.isEmpty ? "." : folder
        var info = stat()
        while unsafe stat(nearest, &info) != 0 {
            let code = errno
            let parent = (nearest as NSString).deletingLastPathComponent
            guard code == ENOENT, !parent.isEmpty, parent != nearest else {
                return .cannotOpen(path: folder, reason: systemError(code))
            }
            nearest = parent
        }
        guard info.st_mode & S_IFMT == S_IFDIR else {
            return .cannotOpen(path: folder, reason: systemError(ENOTDIR))
        }
        guard unsafe access(nearest, W_OK | X_OK) == 0 else {
            let code = errno
            return .cannotOpen(path: folder, reason: systemError(code))
        }
        return nil
    }
}
