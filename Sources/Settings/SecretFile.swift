/// What a secret is for.
enum SecretUse {
    /// Deliveries are signed with it.
    case webhook

    /// Requests to a handler carry it.
    case bearer

    /// Requests to a handler are signed with it.
    case signing

    /// Those who send deliveries carry it.
    case senders

    /// Gitea is asked with it.
    case gitea

    /// What makes a file that has a secret in it.
    fileprivate func remedy(_ file: String) -> String {
        switch self {
        case .webhook: "'openssl rand -hex 32 > \(file)' makes a new one"
        case .bearer: "write the receiver's token into it"
        case .gitea: "write an access token of Gitea's into it (Settings, Applications)"
        case .signing, .senders: "'openssl rand -hex 32' prints a new one"
        }
    }

    /// Who has the same secret.
    fileprivate var counterpart: String {
        switch self {
        case .webhook: "the secret in Gitea"
        case .bearer, .signing: "the receiver's"
        case .senders: "that of Gitea's \"Authorization Header\""
        case .gitea: "the token"
        }
    }

    /// Whether it is shown as it is, in a header.
    fileprivate var isToken: Bool { !isKey }

    /// Whether somebody who guesses it can sign.
    fileprivate var isKey: Bool {
        switch self {
        case .webhook, .signing: true
        case .bearer, .senders, .gitea: false
        }
    }
}

/// A file that holds a secret and nothing else.
enum SecretFile {
    /// The bytes without one line break at the end; what is wrong with them is reported for
    /// `setting`, without showing them.
    static func bytes(of file: String, for use: SecretUse, _ setting: Setting) -> [UInt8]? {
        let contents: FileContents
        do {
            contents = try FileContents(path: file, sizeMax: Limits.secretBytesMax)
        } catch {
            setting.fail(message(for: error, file: file, use))
            return nil
        }
        let bytes = withoutLineBreak(contents.bytes)
        guard !bytes.isEmpty else {
            let danger = use.isKey ? ": anybody could sign with an empty secret" : ""
            setting.fail("\(file) is empty\(danger); \(use.remedy(file))")
            return nil
        }
        if use.isToken, !isToken(bytes) {
            setting.fail("\(file) is no token: it has a space, a line break or no ASCII in it")
            return nil
        }
        if let flaw = SecretFlaw(in: bytes) {
            // A receiver of ours may have any bytes; what is entered in Gitea is text.
            if flaw.isCertain, use == .webhook {
                setting.fail(
                    "\(file) \(flaw.finding), so it would match no delivery: \(flaw.remedy)"
                )
                return nil
            }
            setting.warn(
                "\(file) \(flaw.finding): \(flaw.remedy), unless \(use.counterpart) is the same"
            )
        }
        if use.isKey, bytes.count < Limits.secretBytesAdvised {
            setting.warn(
                "\(file) has \(bytes.count) bytes, which is easy to guess: "
                    + "use \(Limits.secretBytesAdvised) or more"
            )
        }
        if contents.mode & 0o007 != 0 {
            setting.warn("\(file) is open to every user of this machine: run chmod o= \(file)")
        }
        return bytes
    }

    /// The bytes of a token that is read again, without one line break at the end.
    ///
    /// - Throws: why there is no token, to follow the file's name.
    static func token(in file: String) throws(UnfitText) -> [UInt8] {
        let contents: FileContents
        do {
            contents = try FileContents(path: file, sizeMax: Limits.secretBytesMax)
        } catch {
            throw UnfitText(error.reason(sizeMax: Limits.secretBytesMax))
        }
        let bytes = withoutLineBreak(contents.bytes)
        guard !bytes.isEmpty else { throw UnfitText("is empty") }
        guard isToken(bytes) else {
            throw UnfitText("is no token: it has a space, a line break or no ASCII in it")
        }
        return bytes
    }

    private static func isToken(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func message(
        for problem: FileProblem,
        file: String,
        _ use: SecretUse
    ) -> String {
        switch problem {
        case .missing: "\(file) does not exist; \(use.remedy(file))"
        case .denied:
            "\(file) cannot be read: permission denied; give it to the user who runs this "
                + "(chown) and let that user read it (chmod u+r)"
        case .folder: "\(file) is a folder; name the file in it that holds the secret"
        case .special: "\(file) is not a regular file; \(use.remedy(file))"
        case .tooLarge:
            "\(file) is larger than \(ByteSizeText.text(of: Limits.secretBytesMax)), "
                + "which is no secret; \(use.remedy(file))"
        case .other(let reason): "\(file) cannot be read: \(reason)"
        }
    }

    /// Editors and `echo` end a file with a line break, which is not part of the secret.
    private static func withoutLineBreak(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.last == UInt8(ascii: "\n") else { return bytes }
        let rest = bytes.dropLast()
        return Array(rest.last == UInt8(ascii: "\r") ? rest.dropLast() : rest)
    }
}

extension FileProblem {
    /// The end of a sentence that starts with the file's name, for a file that is no secret.
    func reason(sizeMax: Int) -> String {
        switch self {
        case .missing: "does not exist"
        case .denied: "cannot be read: permission denied"
        case .folder: "is a folder, not a file"
        case .special: "is not a regular file"
        case .tooLarge: "is larger than \(ByteSizeText.text(of: sizeMax))"
        case .other(let reason): "cannot be read: \(reason)"
        }
    }
}
