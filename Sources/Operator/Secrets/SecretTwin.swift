import QueueCore
import Foundation
import Program

/// A new secret's file, with the owner and mode of an old one: whoever reads that reads this.
struct SecretTwin {
    private let old: String
    private let path: String

    /// A file to be written beside an old one.
    init(of old: String, at path: String) {
        self.old = old
        self.path = path
    }

    /// Makes the file.
    ///
    /// When this returns, it survives a power cut.
    ///
    /// - Throws: `.findings` when it cannot be made or given to the old one's owner; it is not there
    ///   then.
    func write(_ secret: String) throws(Failure) {
        var status = stat()
        guard unsafe stat(old, &status) == 0 else {
            throw Failure(.findings, "cannot look at \(old): \(systemError())")
        }
        // Never more open than a secret may be, whatever the old one is.
        try NewFile(path, mode: status.st_mode & 0o660).write(secret + "\n")
        var made = stat()
        guard unsafe stat(path, &made) == 0 else {
            throw Failure(.findings, "cannot look at \(path): \(systemError())")
        }
        guard made.st_uid != status.st_uid || made.st_gid != status.st_gid else { return }
        guard unsafe chown(path, status.st_uid, status.st_gid) == 0 else {
            let reason = systemError()
            unsafe unlink(path)
            throw Failure(
                .findings,
                "cannot give \(path) to the owner of \(old): \(reason)",
                hint: "Run this as that user, or as root."
            )
        }
    }
}
