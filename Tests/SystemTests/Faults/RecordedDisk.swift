import Foundation
import TestSupport

/// A disk with a cache in front of it, made again from notes.
///
/// What was written lies in the cache until it is synced. After a sync that failed Linux takes what
/// was in the cache for clean (fsync(2)): no later sync brings it to the disk.
struct RecordedDisk {
    fileprivate struct File {
        var name: String
        var onDisk = Data()
        var cached: [RecordedNote.Kind] = []
        /// How much was cached when a thread's sync began.
        var syncing: [UInt32: Int] = [:]
    }

    private var files: [UInt64: File] = [:]

    mutating func apply(_ note: RecordedNote) {
        var file = files[note.file] ?? File(name: note.name)
        file.name = note.name
        switch note.kind {
        case .write, .truncate: file.cached.append(note.kind)
        case .syncBegins: file.syncing[note.thread] = file.cached.count
        case .synced:
            let count = file.syncing.removeValue(forKey: note.thread) ?? 0
            for change in file.cached.prefix(count) { Self.apply(change, to: &file.onDisk) }
            file.drop(count)
        case .syncFailed:
            file.drop(file.syncing.removeValue(forKey: note.thread) ?? 0)
        case .unlink:
            // The folder is not simulated: a name that was removed is gone.
            files[note.file] = nil
            return
        }
        files[note.file] = file
    }

    /// Files by name.
    func image(_ unsynced: DiskRecording.Unsynced) -> [String: Data] {
        Dictionary(
            files.values.map { file in
                var bytes = file.onDisk
                switch unsynced {
                case .lost: break
                case .kept: for change in file.cached { Self.apply(change, to: &bytes) }
                case .torn(let seed):
                    var random = SeededRandom(seed: seed)
                    for change in file.cached { Self.tear(change, into: &bytes, &random) }
                }
                return (file.name, bytes)
            },
            uniquingKeysWith: { $1 }
        )
    }

    private static func apply(_ change: RecordedNote.Kind, to bytes: inout Data) {
        switch change {
        case .write(let offset, let new):
            if bytes.count < offset + new.count {
                bytes.append(Data(count: offset + new.count - bytes.count))
            }
            bytes.replaceSubrange(offset..<offset + new.count, with: new)
        case .truncate(let length):
            if length < bytes.count {
                bytes.removeSubrange(length...)
            } else {
                bytes.append(Data(count: length - bytes.count))
            }
        case .syncBegins, .synced, .syncFailed, .unlink: break
        }
    }

    /// Disks write whole sectors.
    private static let sector = 512

    private static func tear(
        _ change: RecordedNote.Kind,
        into bytes: inout Data,
        _ random: inout SeededRandom
    ) {
        guard case .write(let offset, let new) = change else {
            if Bool.random(using: &random) { apply(change, to: &bytes) }
            return
        }
        var from = offset
        while from < offset + new.count {
            let to = min((from / sector + 1) * sector, offset + new.count)
            let start = new.startIndex + from - offset
            if Bool.random(using: &random) {
                apply(.write(offset: from, Data(new[start..<start + to - from])), to: &bytes)
            }
            from = to
        }
    }
}

extension RecordedDisk.File {
    /// Forgets the oldest so many changes.
    fileprivate mutating func drop(_ count: Int) {
        cached.removeFirst(count)
        syncing = syncing.mapValues { max(0, $0 - count) }
    }
}
