import Foundation
import QueueCore
import TestSupport
import Testing

@Suite
struct ProcessSightTests {
    private func write(
        _ name: String,
        _ sight: ProcessSight,
        _ written: Date,
        in folder: String
    ) throws {
        let notes = ProcessSight.noteFolder(folder)
        try FileManager.default.createDirectory(atPath: notes, withIntermediateDirectories: true)
        let path = "\(notes)/\(name)\(ProcessSight.noteSuffix)"
        try Data("\(sight)\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.modificationDate: written], ofItemAtPath: path)
    }

    @Test
    func `notes of an earlier boot are no handlers that run, and go after a day`() async throws {
        try await withTemporaryFolder { folder in
            let boot = Date().addingTimeInterval(-ProcessInfo.processInfo.systemUptime)
            let here = ProcessSight.here
            let container = ProcessSight(bootID: "its-own", namespace: "pid:[2]")
            let earlier = ProcessSight(bootID: "earlier", namespace: "pid:[3]")
            try write("1.1-a", here, boot.addingTimeInterval(-200_000), in: folder)
            try write("2.1-a", container, Date(), in: folder)
            try write("3.1-a", earlier, boot.addingTimeInterval(-3600), in: folder)
            try write("4.1-a", earlier, boot.addingTimeInterval(-200_000), in: folder)
            let expected: Set = [here, container]
            #expect(Set(ProcessSight.ofHandlers(stateFolder: folder)) == expected)
            ProcessSight.removeEarlierNotes(stateFolder: folder)
            let left = try FileManager.default.contentsOfDirectory(
                atPath: ProcessSight.noteFolder(folder)
            )
            #expect(left.sorted() == ["1.1-a.session", "2.1-a.session", "3.1-a.session"])
        }
    }
}
