import Foundation
import QueueCore
import Synchronization

@testable import Worker

extension AttemptTrace {
    /// Of an attempt like no other in this run of the tests, in a folder of this process.
    static func sample() -> AttemptTrace {
        let number = samples.withLock { number in
            number += 1
            return number
        }
        // Without it the attempt's start fails, which no test expects.
        try? FileManager.default.createDirectory(
            atPath: ProcessSight.noteFolder(folder),
            withIntermediateDirectories: true
        )
        return AttemptTrace(
            token: AttemptToken(job: JobID(rawValue: number), attempt: 1),
            marks: HandlerMarks(
                storeID: "of-tests-\(getpid())",
                storeFile: StoreFileMark(device: 1, inode: 1)
            ),
            stateFolder: folder
        )
    }

    private static let samples = Mutex<Int64>(0)
    // The notes in it are removed with their attempts.
    private static let folder = NSTemporaryDirectory() + "samovar-traces-\(getpid())"
}
