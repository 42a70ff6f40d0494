import Foundation

/// From where processes are seen: their pids mean something only within one boot and one PID
/// namespace.
package struct ProcessSight: Hashable, Sendable, CustomStringConvertible {
    package var bootID: String
    /// `pid:[4026531836]` (pid_namespaces(7)).
    package var namespace: String

    package init(bootID: String, namespace: String) {
        self.bootID = bootID
        self.namespace = namespace
    }

    /// Reads what ``description`` prints; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let words = text.split(separator: " ")
        guard words.count == 2 else { return nil }
        self.init(bootID: String(words[0]), namespace: String(words[1]))
    }

    package var description: String { "\(bootID) \(namespace)" }

    /// That of this process.
    package static let here: ProcessSight = {
        // Only a kernel without PID namespaces has no such link, and then there is but one.
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
        return ProcessSight(bootID: Clocks.system.bootID, namespace: link ?? "pid:[0]")
    }()

    /// Of the handlers that run now, as the notes beside their workers' locks say.
    ///
    /// - Parameter stateFolder: the folder of the store.
    /// - Returns: one for each handler whose note can be read.
    package static func ofHandlers(stateFolder: String) -> [ProcessSight] {
        notes(stateFolder).filter { !$0.isOlderThanBoot(by: .zero) }.map(\.sight)
    }

    /// Removes notes that an earlier boot of this machine left: nothing of their handlers can live.
    ///
    /// Another store file of the same folder, or a remount, may have given them names that nobody
    /// looks for any more. A day is left for a wall clock that was set since.
    package static func removeEarlierNotes(stateFolder: String) {
        for note in notes(stateFolder) where note.isOlderThanBoot(by: .seconds(86_400)) {
            unsafe unlink(note.path)
        }
    }

    private struct Note {
        var path: String
        var sight: ProcessSight
        var written: Date

        /// A container may have a boot id of its own on the same machine, so the id alone says
        /// nothing.
        func isOlderThanBoot(by margin: Duration) -> Bool {
            guard sight.bootID != ProcessSight.here.bootID else { return false }
            let sinceBoot = Duration.microseconds(Clocks.system.sinceBoot().rawValue)
            let boot = Date().addingTimeInterval(-sinceBoot.seconds)
            return written < boot.addingTimeInterval(-margin.seconds)
        }
    }

    private static func notes(_ stateFolder: String) -> [Note] {
        let folder = noteFolder(stateFolder)
        // No such folder: no worker was ever here.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(noteSuffix) }.compactMap { name in
            let path = "\(folder)/\(name)"
            // Gone since.
            guard let bytes = FileManager.default.contents(atPath: path),
                let attributes = try? FileManager.default.attributesOfItem(atPath: path),
                let written = attributes[.modificationDate] as? Date,
                let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first,
                let sight = ProcessSight(line)
            else { return nil }
            return Note(path: path, sight: sight, written: written)
        }
    }

    package static func noteFolder(_ stateFolder: String) -> String { stateFolder + "/workers" }

    package static let noteSuffix = ".session"
}
