/// Paths as text.
enum AbsolutePath {
    /// The absolute form of `path`, which starts at `folder` unless it is absolute already.
    ///
    /// `..` stays: what it leads to depends on symbolic links.
    static func make(_ path: String, in folder: String) -> String {
        let whole = path.hasPrefix("/") ? path : "\(folder)/\(path)"
        let parts = whole.split(separator: "/").filter { $0 != "." }
        return "/" + parts.joined(separator: "/")
    }

    /// The folder that holds what an absolute path names.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
