import Foundation
import Testing

/// What programs wrote to a site's folder, and when it was synced: `Tests/Faults/recorder.c`,
/// loaded into the programs that run under ``wrapper``.
///
/// From its notes it makes the folder that a power cut at any moment would have left: what was synced
/// is there, and what was not may be.
struct DiskRecording: Sendable {
    /// What a program is started under to be recorded; before that of a ``FaultyDisk``.
    let wrapper: [String]
    private let file: String

    /// Builds the library into the site's folder.
    ///
    /// - Parameters:
    ///   - site: where the programs run.
    ///   - disk: one that fails beneath what is recorded.
    /// - Throws: what keeps the library from being built.
    init(of site: Site, above disk: FaultyDisk? = nil) throws {
        let library = try PreloadedLibrary.build("recorder", in: site)
        file = site.path("recording")
        let libraries = [library] + (disk.map { [$0.library] } ?? [])
        wrapper =
            [
                "/usr/bin/env", "LD_PRELOAD=\(libraries.joined(separator: ":"))",
                "SAMOVAR_RECORDING=\(file)", "SAMOVAR_RECORDED=\(site.folder)",
            ] + (disk?.settings ?? [])
    }

    /// How far the notes go by now: a moment at which the power may be cut.
    var moment: Int {
        get throws {
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            return try #require(attributes[.size] as? Int)
        }
    }

    /// All that happened so far; each note ends at a moment.
    func notes() throws -> [RecordedNote] {
        try RecordedNote.read(Data(contentsOf: URL(fileURLWithPath: file)))
    }

    /// What becomes of writes that were not synced when the power is cut.
    enum Unsynced: Sendable {
        /// None of them reached the disk.
        case lost
        /// All of them did.
        case kept
        /// Each sector did or did not, by chance.
        case torn(seed: UInt64)
    }

    /// Cuts the power at each of these moments.
    ///
    /// - Parameters:
    ///   - moments: as ``moment`` gives them, or ends of ``notes()``.
    ///   - look: given each moment and the disk as it was then, in order of time.
    /// - Throws: what `look` throws, and when the notes cannot be read.
    func cut(at moments: [Int], _ look: (_ moment: Int, RecordedDisk) throws -> Void) throws {
        var disk = RecordedDisk()
        var ahead = moments.sorted()[...]
        for note in try notes() {
            while let moment = ahead.first, moment < note.end {
                try look(moment, disk)
                ahead.removeFirst()
            }
            disk.apply(note)
        }
        for moment in ahead { try look(moment, disk) }
    }
}
