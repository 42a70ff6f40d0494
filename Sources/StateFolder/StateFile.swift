package import Glibc

/// Makes what lies beside a store, for those whom the store's folder is for.
///
/// Ingress and worker may be two users that share the folder through its group, an operator's umask
/// may forbid the group everything, and root lends a hand now and then: none of them may make a file
/// that locks the others out. So a new file or folder
/// - belongs, when root makes it, to the owner of the folder that it is made in;
/// - belongs to that folder's group, and may be written by it, when the folder may.
///
/// What is there already is never changed: in a folder that others can write, its name may lead
/// anywhere.
package enum StateFile {
    /// Opens a file, making it when it is missing.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - flags: as for open(2); `O_EXCL` fails when it is there.
    ///   - mode: of a new file, for its owner and at most for its group.
    /// - Returns: the descriptor, closed on exec; -1 when errno says why not.
    package static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o660) -> Int32 {
        let (flags, isNewOnly) = (flags & ~O_EXCL | O_CLOEXEC, flags & O_EXCL != 0)
        while true {
            if !isNewOnly {
                let descriptor = unsafe Glibc.open(path, flags)
                if descriptor >= 0 || errno != ENOENT { return descriptor }
            }
            let descriptor = unsafe Glibc.open(path, flags | O_CREAT | O_EXCL, mode)
            guard descriptor >= 0 else {
                // Somebody else made it meanwhile; a link to nowhere would be in the way for ever.
                if errno == EEXIST, !isNewOnly, leadsSomewhere(path) { continue }
                return -1
            }
            share(descriptor, path: path, mode: mode)
            return descriptor
        }
    }

    /// Makes a folder; one that is there is left as it is.
    ///
    /// - Parameters:
    ///   - path: the folder; the one that it is made in exists.
    ///   - mode: whatever the umask says.
    /// - Returns: false when errno says why it is not there.
    package static func makeFolder(_ path: String, mode: mode_t = 0o770) -> Bool {
        guard unsafe mkdir(path, mode) == 0 else { return errno == EEXIST }
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        share(descriptor, path: path, mode: mode)
        return true
    }

    /// Lets the group of its folder write to a socket that this process has just bound.
    package static func shareSocket(_ path: String) {
        guard let folder = Folder(of: path), folder.isShared else { return }
        // Where that is not possible, rings are lost, which costs the poll interval.
        _ = unsafe chmod(path, 0o660)
    }

    /// As good as it gets: who cannot use the file afterwards is told so when opening it, and
    /// `samovar doctor` tells all.
    private static func share(_ descriptor: Int32, path: String, mode: mode_t) {
        guard let folder = Folder(of: path) else { return }
        var file = stat()
        guard unsafe fstat(descriptor, &file) == 0 else { return }
        if geteuid() == 0 {
            _ = fchown(descriptor, folder.user, folder.group)
        } else if folder.isShared, file.st_gid != folder.group {
            _ = fchown(descriptor, uid_t.max, folder.group)
        }
        // After the change of owner, which may take the set-group-ID bit away. A sandbox may refuse
        // to set that bit, so nothing is set that is so already.
        guard unsafe fstat(descriptor, &file) == 0 else { return }
        var wanted = mode
        if file.st_mode & S_IFMT == S_IFDIR {
            if mode & 0o070 != 0 { wanted |= folder.setGroupID }
        } else if !folder.isShared {
            wanted &= file.st_mode
        }
        if file.st_mode & 0o7777 != wanted { _ = fchmod(descriptor, wanted) }
    }

    private static func leadsSomewhere(_ path: String) -> Bool {
        var file = stat()
        if unsafe stat(path, &file) == 0 || errno != ENOENT { return true }
        return unsafe lstat(path, &file) != 0
    }
}

/// The folder that something is made in.
private struct Folder {
    let user: uid_t
    let group: gid_t
    /// Whether the group may make files in it too.
    let isShared: Bool
    let setGroupID: mode_t

    init?(of path: String) {
        let end = path.lastIndex(of: "/")
        let folder =
            switch end {
            case nil: "."
            case path.startIndex: "/"
            case let end?: String(path[..<end])
            }
        var info = stat()
        guard unsafe stat(folder, &info) == 0 else { return nil }
        user = info.st_uid
        group = info.st_gid
        // A folder for everybody, as /tmp, is for no group.
        isShared = info.st_mode & 0o022 == 0o020
        setGroupID = info.st_mode & S_ISGID
    }
}
