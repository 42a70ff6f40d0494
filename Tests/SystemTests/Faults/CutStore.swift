import Foundation
import TestSupport

/// What a power cut left of a store and its spool, opened as a stranger would.
enum CutStore {
    private static let files = ["queue.db", "queue.db-wal", "spool"]

    /// Writes the files of an image into a folder.
    static func write(_ image: [String: Data], to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for file in files {
            try image[file]?.write(to: URL(fileURLWithPath: "\(folder)/\(file)"))
        }
    }

    /// Opens it with SQLite alone, and reads the spool, if there is one.
    ///
    /// - Parameters:
    ///   - image: files by name.
    ///   - promised: the ids of what was acknowledged.
    ///   - site: where there is room for it.
    /// - Returns: what SQLite found wrong, and what is in neither.
    /// - Throws: when it cannot be opened at all.
    static func look(
        at image: [String: Data],
        _ promised: [String],
        in site: Site
    ) throws -> (damage: [String], lost: [String]) {
        let folder = site.path("image")
        defer { try? FileManager.default.removeItem(atPath: folder) }  // the site's folder goes too
        try write(image, to: folder)
        let store = try Shell("\(folder)/queue.db")
        let answers =
            try store.strings("PRAGMA integrity_check")
            + store.strings("PRAGMA foreign_key_check")
        var kept = try Set(store.strings("SELECT delivery_id FROM delivery"))
        try store.close()
        if image["spool"] != nil {
            kept.formUnion(try SpooledDeliveries.ids(in: "\(folder)/spool"))
        }
        return (answers == ["ok"] ? [] : answers, promised.filter { !kept.contains($0) })
    }
}
