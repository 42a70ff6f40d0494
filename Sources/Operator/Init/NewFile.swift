import Foundation
import Program
import QueueCore

/// A file that does not exist yet and appears whole, with its mode from the first moment.
struct NewFile {
    private let path: String
    private let mode: mode_t

    /// A file to be written.
    init(_ path: String, mode: mode_t) {
        self.path = path
        self.mode = mode
    }

    /// Writes the file.
    ///
    /// When this returns, it survives a power cut.
    ///
    /// The text is written under another name and linked to its own, which fails when somebody was
    /// quicker, where rename(2) would replace their file.
    ///
    /// - Throws: `.findings` when it cannot be written or exists by now.
    func write(_ text: String) throws(Failure) {
        let draft = "\(path).\(getpid()).new"
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0o600)
        guard descriptor >= 0 else { throw failure("create \(draft)") }
        defer { unsafe unlink(draft) }
        do {
            defer { close(descriptor) }
            // A umask may have taken bits, and only now is the handler executable.
            guard fchmod(descriptor, mode) == 0 else { throw failure("set the mode of \(draft)") }
            try fill(descriptor, text, draft)
        }
        guard unsafe link(draft, path) == 0 else { throw failure("create \(path)") }
        syncFolder()
    }

    private func fill(_ descriptor: Int32, _ text: String, _ draft: String) throws(Failure) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            }
            guard count >= 0 || errno == EINTR else { throw failure("write \(draft)") }
            rest = rest.dropFirst(max(0, count))
        }
        guard fsync(descriptor) == 0 else { throw failure("sync \(draft)") }
    }

    /// The name is on disk only when its folder is.
    ///
    /// A file system that cannot sync folders keeps
    /// its names by other means (fsync(2): EINVAL).
    private func syncFolder() {
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private func failure(_ action: String) -> Failure {
        Failure(.findings, "cannot \(action): \(systemError())")
    }
}
