import Foundation
import QueueCore

/// Where a handler may say more than its exit code: `<state>/results/<token>`, for one attempt.
enum ResultFile {
    static func path(of token: AttemptToken, stateFolder: String) -> String {
        "\(folder(stateFolder))/\(token)"
    }

    /// Makes the folder, for this user alone.
    static func makeFolder(stateFolder: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder(stateFolder),
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    private static func folder(_ stateFolder: String) -> String {
        stateFolder + "/results"
    }
}
