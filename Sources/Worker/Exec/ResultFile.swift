import Foundation
import QueueCore
import StateFolder

/// Where a handler may say more than its exit code: `<state>/results/<token>`, for one attempt.
enum ResultFile {
    static func path(of token: AttemptToken, stateFolder: String) -> String {
        "\(folder(stateFolder))/\(token)"
    }

    /// Removes what a handler left there, also a folder with all that is in it.
    static func remove(of token: AttemptToken, stateFolder: String) {
        let path = path(of: token, stateFolder: stateFolder)
        guard unsafe unlink(path) != 0, errno == EISDIR else { return }
        // Where the handler's user has forbidden it, it stays: no later attempt has this name.
        try? FileManager.default.removeItem(atPath: path)
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
