import Foundation

/// The first bytes of a SQLite file: sqlite.org/fileformat2.html, "The Database Header".
enum DatabaseHeader {
    static let mark = Data("SQLite format 3\0".utf8)

    /// Whether a file is too short for what its header says: a copy that was cut off.
    ///
    /// SQLite calls that "malformed", or no database at all; who copied the file wants to know.
    ///
    /// - Returns: how; nil for a file that has its length, is none of SQLite's, or cannot be read.
    static func shortfall(of file: String) -> String? {
        guard FileIdentity(file)?.isRegular == true,
            let handle = FileHandle(forReadingAtPath: file),
            let size = try? handle.seekToEnd(),
            (try? handle.seek(toOffset: 0)) != nil
        else { return nil }
        if size == 0 { return "it is empty" }
        // What cannot be read, opening it says.
        guard let bytes = try? handle.read(upToCount: length),
            bytes.starts(with: mark.prefix(bytes.count))
        else { return nil }
        guard bytes.count == length else { return "it is cut off after \(size) bytes" }
        let pageSize = number(bytes[16..<18])
        let pages = number(bytes[28..<32])
        let whole = pages * (pageSize == 1 ? 65_536 : pageSize)
        // The number of pages counts only if the program that wrote last knew of it.
        guard bytes[24..<28] == bytes[92..<96], size < whole else { return nil }
        return "it is cut off after \(size) of \(whole) bytes"
    }

    private static let length = 100

    private static func number(_ bytes: Data) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
