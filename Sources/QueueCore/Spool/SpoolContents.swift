import Foundation

/// A spool as somebody else sees it, who neither locks nor changes it.
package struct SpoolContents: Equatable, Sendable {
    package var file: String
    /// Of which some may be in the store already: the file is emptied when all of them are.
    package var deliveries = 0
    package var bytes = 0
    package var oldest: Timestamp?
    /// Files with bytes that could not be read, and with deliveries that the store refused.
    package var setAside: [String] = []
    /// Whether it lies on the same device as the store, so that one broken disk takes both.
    package var sharesDevice = false

    static let damaged = ".damaged-"
    static let refused = ".refused"

    /// Looks at the spool of a store; a file that is missing is an empty spool.
    ///
    /// - Throws: when it cannot be opened or is none.
    package init(file path: String, store: String) throws(SpoolError) {
        file = path
        setAside = Self.besides(path)
        sharesDevice =
            Self.device(of: path) != nil && Self.device(of: path) == Self.device(of: store)
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return }
        guard descriptor >= 0 else { throw .cannotOpen(file: path, reason: systemError()) }
        defer { close(descriptor) }
        let spool = SpoolDescriptor(path: path, number: descriptor)
        let length = try spool.length
        let header = try spool.read(SpoolFormat.headerLength, at: 0)
        switch SpoolFormat.readHeader(header, fileLength: length) {
        case .spool: break
        case .unfinished: return
        case .newer(let version): throw .newer(file: path, version: version)
        case .foreign: throw .notASpool(file: path)
        }
        // It may be emptied or appended to meanwhile: what is not whole is not counted.
        var walk = SpoolWalk(spool)
        try walk.walk(to: length)
        deliveries = walk.deliveries
        bytes = walk.end - SpoolFormat.headerLength
        oldest = try walk.oldest()
    }

    private static func besides(_ path: String) -> [String] {
        let folder = (path as NSString).deletingLastPathComponent
        let name = (path as NSString).lastPathComponent
        // Without its folder there is nothing beside it.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix(name + damaged) || $0 == name + refused }
            .sorted().map { "\(folder)/\($0)" }
    }

    /// Of the file, or of the nearest folder above it that exists.
    private static func device(of path: String) -> dev_t? {
        var info = stat()
        var path = path
        while unsafe stat(path, &info) != 0 {
            guard path.count > 1 else { return nil }
            path = (path as NSString).deletingLastPathComponent
        }
        return info.st_dev
    }
}
