import Foundation
import QueueCore

/// Whom the files beside a store belong to, against whom its folder is for.
///
/// What root or another user made there by hand may lock the services out.
struct FileOwners: Equatable {
    /// A file or folder, and who may do what with it.
    struct File: Equatable {
        var path: String
        var user: UInt32
        var group: UInt32
        var mode: Int
        var isFolder = false
        /// For one user alone: handlers' results.
        var isPrivate = false
    }

    /// The names of users and groups; numbers where they have none.
    struct Names: Equatable {
        var user: String
        var group: String
    }

    var folder: File
    var files: [File]
    var names: Names

    /// A folder that its group may write is for the group; one that everybody may write is for
    /// everybody, and any other one for its owner.
    private var isShared: Bool { folder.mode & 0o022 == 0o020 }

    private var isForEverybody: Bool { folder.mode & 0o002 != 0 }

    private func isLockedAway(_ file: File) -> Bool {
        if isForEverybody { return false }
        guard isShared else { return file.user != folder.user }
        // The worker's user owns results; root is none of the services' users.
        if file.isPrivate { return file.user == 0 && folder.user != 0 }
        let needed = file.isFolder ? 0o070 : 0o060
        return file.group != folder.group || file.mode & needed != needed
    }

    var diagnosis: Diagnosis {
        let away = files.filter(isLockedAway)
        guard !away.isEmpty else {
            return Diagnosis(.site, "file_owners", .ok, "as those of \(folder.path)")
        }
        var commands = ["chown \(names.user):\(names.group) \(Self.words(away))"]
        let shared = away.filter { isShared && !$0.isPrivate }
        if !shared.isEmpty { commands.append("chmod g+rwX \(Self.words(shared))") }
        return Diagnosis(
            .site,
            "file_owners",
            .warning,
            "not for those who use \(folder.path): \(away.map(\.path).joined(separator: ", "))",
            hint: "They lock the services out: \(commands.joined(separator: " && "))"
        )
    }

    private static func words(_ files: [File]) -> String {
        files.map(\.path.shellQuoted).joined(separator: " ")
    }
}

extension FileOwners {
    /// Looks at a store and what lies beside it.
    ///
    /// Nil when its folder cannot be looked at.
    init?(store: String) {
        let state = (store as NSString).deletingLastPathComponent
        guard let folder = File(state) else { return nil }
        self.folder = folder
        names = Names(folder)
        files = ["", "-wal", "-shm", ".turn", ".ingress", ".incidents"].compactMap {
            File(store + $0)
        }
        for name in ["doorbell", "workers"] {
            guard let file = File("\(state)/\(name)") else { continue }
            files.append(file)
            // What may not be read here is told of by the folder's own line.
            let inside = (try? FileManager.default.contentsOfDirectory(atPath: file.path)) ?? []
            files += inside.sorted().compactMap { File("\(file.path)/\($0)") }
        }
        if var results = File("\(state)/results") {
            results.isPrivate = true
            files.append(results)
        }
    }
}

extension FileOwners.File {
    /// Nil when it is not there, or out of sight.
    init?(_ path: String) {
        var info = stat()
        guard unsafe lstat(path, &info) == 0 else { return nil }
        self.path = path
        user = info.st_uid
        group = info.st_gid
        mode = Int(info.st_mode & 0o7777)
        isFolder = info.st_mode & S_IFMT == S_IFDIR
    }
}

extension FileOwners.Names {
    init(_ file: FileOwners.File) {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
        user = attributes?[.ownerAccountName] as? String ?? "\(file.user)"
        group = attributes?[.groupOwnerAccountName] as? String ?? "\(file.group)"
    }
}
