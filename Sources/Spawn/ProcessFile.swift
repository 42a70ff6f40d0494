import CSpawn

/// Files of /proc, whose absence means that a process is gone.
package enum ProcessFile {
    /// Opens one for reading, and waits while too many files are open: what cannot be opened for
    /// that reason is there all the same.
    ///
    /// - Returns: the descriptor, or a negative errno.
    package static func open(_ path: String) -> Int32 {
        unsafe samovar_open(path)
    }
}
