import Settings
import Synchronization

/// The token in its file.
///
/// It is shown to nobody but Gitea: a description has the file's name alone.
final class Token: Sendable {
    private let file: TokenFile
    private let current = Mutex<String?>(nil)

    init(_ file: TokenFile) {
        self.file = file
    }

    /// The token, read from its file the first time.
    func value() throws(GiteaError) -> String {
        if let token = current.withLock(\.self) { return token }
        return try readAgain()
    }

    /// Looks into the file again, after Gitea did not know a token.
    ///
    /// - Returns: the token that is there now; nil when it is the one that was refused.
    func value(insteadOf refused: String) throws(GiteaError) -> String? {
        let token = try readAgain()
        return token == refused ? nil : token
    }

    private func readAgain() throws(GiteaError) -> String {
        do throws(TokenFile.Problem) {
            let token = try file.read()
            current.withLock { $0 = token }
            return token
        } catch {
            throw .noToken(reason: error.description)
        }
    }

    /// A text of a server without the token, should it repeat what it was sent.
    func redacted(_ text: String) -> String {
        guard let token = current.withLock(\.self), !token.isEmpty else { return text }
        return text.split(separator: token, omittingEmptySubsequences: false)
            .joined(separator: "[token]")
    }
}

extension Token: CustomStringConvertible, CustomReflectable {
    var description: String { "Token(\(file.file))" }

    /// The same for `dump`.
    var customMirror: Mirror { Mirror(self, children: ["file": file.file]) }
}
