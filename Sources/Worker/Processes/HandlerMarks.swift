import Foundation
import QueueCore
import Spawn

/// What the environment of every handler of one store says of it.
///
/// A handler may fork away from its session, but only on purpose from its environment.
struct HandlerMarks: Sendable {
    let storeFile: StoreFileMark
    /// `NAME=value`, as handlers get them beside the token.
    let variables: [String]
    private let bytes: [Data]

    init(storeID: String, storeFile: StoreFileMark) {
        self.storeFile = storeFile
        variables = ["SAMOVAR_STORE=\(storeID)", "SAMOVAR_STORE_FILE=\(storeFile)"]
        bytes = variables.map { Data("\0\($0)\0".utf8) }
    }

    /// Whose a process is, by its environment.
    enum Finding: Equatable {
        case of(AttemptToken)
        case another
        /// It has no environment yet, or not any more: exec lets go of the worker's lock before it
        /// fills in the environment, and who ends loses it before his own locks.
        case unknown
    }

    /// Processes of other users cannot be read: their session may tell.
    func finding(of process: ProcessStat) -> Finding {
        guard !process.isOfKernel else { return .another }
        // Twice, because it may be executed between two looks.
        for _ in 1...2 {
            let path = "/proc/\(process.pid)/environ"
            guard let environment = Self.contents(of: path) else {
                // Some kernels refuse to open it when there is none any more.
                return ProcessStat(process.pid)?.isEnding == true ? .unknown : .another
            }
            guard environment.isEmpty else {
                return token(in: environment).map(Finding.of) ?? .another
            }
            guard let now = ProcessStat(process.pid) else { return .another }
            if now.isBetweenEnvironments { return .unknown }
        }
        return .another
    }

    /// - Returns: nil when it cannot be read, or is gone.
    private static func contents(of path: String) -> Data? {
        let descriptor = ProcessFile.open(path)
        guard descriptor >= 0 else { return nil }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        // Another user's, or gone since: an empty file reads as nil.
        do { return try file.readToEnd() ?? Data() } catch { return nil }
    }

    private func token(in environment: Data) -> AttemptToken? {
        let all = Data([0]) + environment
        guard bytes.allSatisfy({ all.range(of: $0) != nil }),
            let start = all.range(of: Self.tokenName)?.upperBound,
            let end = all[start...].firstIndex(of: 0)
        else { return nil }
        return AttemptToken(String(decoding: all[start..<end], as: UTF8.self))
    }

    private static let tokenName = Data("\0SAMOVAR_TOKEN=".utf8)
}
