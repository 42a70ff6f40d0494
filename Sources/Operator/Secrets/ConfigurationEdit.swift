import QueueCore
import Foundation
import Program
import Settings

/// A change of a configuration file that happens whole or not at all, and only if the result says
/// what was meant.
struct ConfigurationEdit {
    private let configuration: Configuration
    private let text: String
    private var file: String { configuration.file }

    /// An edit of the file that a configuration was loaded from.
    init(of configuration: Configuration) throws(Failure) {
        self.configuration = configuration
        var status = stat()
        guard unsafe lstat(configuration.file, &status) == 0 else {
            throw Failure(.findings, "cannot look at \(configuration.file): \(systemError())")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(
                .findings,
                "\(configuration.file) is a link, which a changed file would replace",
                hint: "Name the file itself with --config."
            )
        }
        do {
            text = try String(contentsOfFile: configuration.file, encoding: .utf8)
        } catch {
            throw Failure(
                .findings,
                "cannot read \(configuration.file): \(error.localizedDescription)"
            )
        }
    }

    /// Enters a secret before all others of a source.
    func add(id: String, file secretFile: String, to source: SourceSettings) throws {
        // Beside the configuration it is named as people would.
        let folder = (file as NSString).deletingLastPathComponent + "/"
        let path =
            secretFile.hasPrefix(folder)
            ? String(secretFile.dropFirst(folder.count)) : secretFile
        let edit = try SecretsEdit(of: text, file: file, source: source.name)
        try replace(
            with: edit.adding(id: id, secretFile: path),
            expecting: [id] + source.secrets.map(\.id),
            of: source,
            byHand: "put { id: \(id), file: \(path) } first in the list of secrets"
        )
    }

    /// Takes a secret of a source out.
    func remove(at index: Int, from source: SourceSettings) throws {
        var ids = source.secrets.map(\.id)
        let id = ids.remove(at: index)
        let edit = try SecretsEdit(of: text, file: file, source: source.name)
        try replace(
            with: edit.removing(at: index),
            expecting: ids,
            of: source,
            byHand: "take the entry of '\(id)' out of the list of secrets"
        )
    }

    /// Writes the text under another name, loads it, and renames it.
    private func replace(
        with new: String?,
        expecting ids: [String],
        of source: SourceSettings,
        byHand advice: String
    ) throws {
        guard let new else { throw notEditable(advice) }
        // The name is the same for everybody: who comes second sees that somebody is at work.
        let draft = file + ".edit"
        try write(new, to: draft)
        defer { unsafe unlink(draft) }  // renamed or not, nothing stays under this name
        do {
            let result = try Configuration.load(
                file: draft,
                secrets: .webhook,
                environment: ProcessInfo.processInfo.environment
            )
            let found = result.ingress.sources.first { $0.name == source.name }
            guard found?.secrets.map(\.id) == ids,
                result.ingress.sources.count == configuration.ingress.sources.count
            else { throw notEditable(advice) }
        } catch let error as ConfigurationError {
            throw Failure(
                .findings,
                "the changed configuration would not be right; nothing was changed: \(error)",
                hint: "By hand: \(advice)."
            )
        }
        guard (try? String(contentsOfFile: file, encoding: .utf8)) == text else {
            throw Failure(.findings, "\(file) was changed meanwhile; nothing was done")
        }
        guard unsafe rename(draft, file) == 0 else {
            throw Failure(.findings, "cannot replace \(file): \(systemError())")
        }
        syncFolder()
    }

    private func write(_ text: String, to draft: String) throws {
        var status = stat()
        guard unsafe stat(file, &status) == 0 else {
            throw Failure(.findings, "cannot look at \(file): \(systemError())")
        }
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let isThere = errno == EEXIST
            throw Failure(
                .findings,
                "cannot make \(draft): \(systemError())",
                hint: isThere
                    ? "Another `samovar secrets` is editing the configuration; if none is running, delete that file."
                    : nil
            )
        }
        do {
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            let isOurs = status.st_uid == geteuid() && status.st_gid == getegid()
            guard isOurs || fchown(descriptor, status.st_uid, status.st_gid) == 0 else {
                throw Failure(
                    .findings,
                    "cannot give the changed file to the owner of \(file): \(systemError())",
                    hint: "Run this as that user, or as root."
                )
            }
            guard fchmod(descriptor, status.st_mode & 0o7777) == 0 else {
                throw Failure(.findings, "cannot set the mode of \(draft): \(systemError())")
            }
            try handle.write(contentsOf: Data(text.utf8))
            try handle.synchronize()
            try handle.close()
        } catch {
            unsafe unlink(draft)
            throw error
        }
    }

    /// The new name is on disk only when its folder is; where folders cannot be synced (fsync(2):
    /// EINVAL), names are kept by other means.
    private func syncFolder() {
        let folder = (file as NSString).deletingLastPathComponent
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private func notEditable(_ advice: String) -> Failure {
        Failure(
            .findings,
            "the secrets in \(file) are written in a way that cannot be edited here; "
                + "nothing was changed",
            hint: "By hand: \(advice)."
        )
    }
}
