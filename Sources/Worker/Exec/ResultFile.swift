import QueueCore
import StateFolder

/// Where a handler may say more than its exit code: `<state>/results/<token>`, for one attempt.
enum ResultFile {
    static func path(of token: AttemptToken, stateFolder: String) -> String {
        "\(folder(stateFolder))/\(token)"
    }

    /// Makes the folder, for this user alone.
    static func makeFolder(stateFolder: String) throws {
        let folder = Self.folder(stateFolder)
        guard StateFile.makeFolder(folder, mode: 0o700) else {
            throw StoreError.cannotOpen(path: folder, reason: systemError())
        }
    }

    private static func folder(_ stateFolder: String) -> String {
        stateFolder + "/results"
    }
}
