import Glibc

/// Names a store's file among all files of this machine.
///
/// A copy of a store has its UUID and the same tokens, but not this: a worker on the copy must not
/// take the handlers of the other one for its own.
struct StoreFileMark: Hashable, Sendable, CustomStringConvertible {
    let device: UInt64
    let inode: UInt64

    init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    /// Nil when there is no such file.
    init?(_ store: String) {
        var info = stat()
        guard unsafe stat(store, &info) == 0 else { return nil }
        self.init(device: UInt64(info.st_dev), inode: UInt64(info.st_ino))
    }

    var description: String { "\(device)-\(inode)" }
}
