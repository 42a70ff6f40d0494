/// What Git takes for the name of a branch or tag.
enum RefName {
    /// Why no such name fits a pattern; nil when that is not certain.
    ///
    /// - Source: git/git: refs.c (check_refname_format)
    static func problem(_ glob: Glob) -> String? {
        // Of patterns, only their ends are certain.
        if glob.source.hasPrefix("/") { return "begins with '/'" }
        if glob.source.hasSuffix("/") {
            return "ends with '/'; '\(glob.source)**' are all below"
        }
        guard let name = glob.name else { return nil }
        for part in ["..", "//", "@{"] where name.contains(part) { return "has '\(part)' in it" }
        if name.hasSuffix(".") { return "ends with '.'" }
        let forbidden = " ~^:?*[\\".unicodeScalars
        for scalar in name.unicodeScalars
        where forbidden.contains(scalar) || scalar.value < 0x20 || scalar.value == 0x7F {
            return scalar == " " ? "has a space in it" : "has \(quoted(String(scalar))) in it"
        }
        for part in name.split(separator: "/") {
            if part.hasPrefix(".") { return "has a part that begins with '.'" }
            if part.hasSuffix(".lock") { return "has a part that ends with '.lock'" }
        }
        return nil
    }
}

/// How many segments the names have that fit a pattern.
enum SegmentCount {
    /// The number; nil when a pattern fits several, or that is not certain.
    static func of(_ pattern: String) -> Int? {
        // `**` goes over segments, and braces have alternatives.
        guard !pattern.contains("**"), !pattern.contains("{") else { return nil }
        return pattern.utf8.count { $0 == UInt8(ascii: "/") } + 1
    }
}
