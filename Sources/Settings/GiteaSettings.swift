/// The Gitea (or Forgejo) that is asked.
package struct GiteaSettings: Sendable, Equatable {
    /// Where it is, without a slash at the end and without `/api/v1`.
    package var url: String

    /// The token that it is shown.
    package var token: TokenFile

    /// How long one answer may take.
    package var timeout: Duration

    /// Requests at the same time in one process.
    package var concurrency: Int

    /// Settings with the defaults for what is left out.
    package init(
        url: String,
        token: TokenFile,
        timeout: Duration = .seconds(10),
        concurrency: Int = 4
    ) {
        self.url = url
        self.token = token
        self.timeout = timeout
        self.concurrency = concurrency
    }
}

extension GiteaSettings {
    private static let keys = Keys(["url", "token_file", "timeout", "concurrency"])

    /// Reads the section `gitea`; nil without a usable URL or token, which is reported.
    init?(_ setting: Setting) {
        guard let section = setting.section(Self.keys) else { return nil }
        let url = section.required("url").flatMap { $0.value("a URL", Self.checkedURL) }
        let token = section.required("token_file").flatMap(TokenFile.init)
        let timeout = section["timeout"]?.duration(Limits.giteaTimeout)
        let concurrency = section["concurrency"]?.wholeNumber(Limits.giteaConcurrency)
        guard let url, let token else { return nil }
        self.init(url: url, token: token)
        if let timeout { self.timeout = timeout }
        if let concurrency { self.concurrency = concurrency }
        if let address = HTTPAddress(url), !address.isSecure, !address.isLoopback {
            section["url"]?.warn(
                "\(section.path).url is not https: whoever is on the way to \(address.host) "
                    + "can read the token"
            )
        }
    }

    private static func checkedURL(_ text: String) throws(UnfitText) -> String {
        let authority = text.split(separator: "/", omittingEmptySubsequences: false)
            .dropFirst(2).first
        guard authority?.contains("@") != true else {
            throw UnfitText("must not have a user or a password in it: use token_file")
        }
        let url = try HTTPAddress.checked(text)
        guard !url.contains("?") else {
            throw UnfitText("must not have a query ('?'): it is the address of Gitea's front page")
        }
        let trimmed = String(url.reversed().drop { $0 == "/" }.reversed())
        guard !trimmed.hasSuffix("/api/v1"), !trimmed.hasSuffix("/api") else {
            throw UnfitText("is the address of Gitea's front page: leave out /api/v1")
        }
        return trimmed
    }
}
