import Testing

@testable import Settings

@Suite
struct GiteaSettingsTests {
    private static let url = "url: \"https://git.example.org\""

    @Test
    func `there is none by default`() throws {
        #expect(try load(ingressLine).gitea == nil)
    }

    @Test
    func `all keys are read`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("t", "t0ken\n", mode: 0o600)
            try folder.write("a.secret", "0123456789abcdef")
            let yaml = """
                \(ingressLine)
                gitea: { url: "https://git.example.org/gitea//", token_file: t, timeout: 3s, concurrency: 2 }
                """
            let configuration = try Configuration.load(
                file: folder.write("samovar.yaml", yaml),
                secrets: .read,
                environment: ["HOME": "/"]
            )
            let token = TokenFile(file: "\(folder.path)/t")
            #expect(
                configuration.gitea
                    == GiteaSettings(
                        url: "https://git.example.org/gitea",
                        token: token,
                        timeout: .seconds(3),
                        concurrency: 2
                    )
            )
            #expect(try token.read() == "t0ken")
            #expect(configuration.warnings == [])
        }
    }

    @Test
    func `defaults are ten seconds and four at a time`() throws {
        let gitea = try load("\(ingressLine)\ngitea: { \(Self.url), token_file: t }").gitea
        #expect(gitea?.timeout == .seconds(10))
        #expect(gitea?.concurrency == 4)
    }

    @Test(arguments: [
        ("{ token_file: t }", "2:8: gitea.url is missing"),
        ("{ url: \"https://g.example.org\" }", "2:8: gitea.token_file is missing"),
        ("here", "2:8: gitea must be a mapping, not 'here'"),
        (
            "{ url: git.example.org, token_file: t }",
            "2:15: gitea.url must be a URL such as https://host:port/path"
        ),
        (
            "{ url: \"https://samovar:t0ken@g.example.org\", token_file: t }",
            "2:15: gitea.url must not have a user or a password in it: use token_file"
        ),
        (
            "{ url: \"https://g.example.org?token=t0ken\", token_file: t }",
            "2:15: gitea.url must not have a query ('?'): it is the address of Gitea's front page"
        ),
        (
            "{ url: \"https://g.example.org/api/v1/\", token_file: t }",
            "2:15: gitea.url is the address of Gitea's front page: leave out /api/v1"
        ),
        (
            "{ url: \"https://g.example.org\", token_file: t, timeout: 1ms }",
            "2:64: gitea.timeout must be a duration from 100ms to 5m, not '1ms'"
        ),
        (
            "{ url: \"https://g.example.org\", token_file: t, concurrency: 65 }",
            "2:68: gitea.concurrency must be a whole number from 1 to 64, not '65'"
        ),
        (
            "{ url: \"https://g.example.org\", token_file: t, token: x }",
            "2:55: unknown key 'token' in gitea; did you mean 'token_file'?"
        ),
    ])
    func `mistakes are told with their place, and never a token`(
        section: String,
        message: String
    ) throws {
        let found = try mistakes("\(ingressLine)\ngitea: \(section)")
        #expect(found == [message])
        #expect(!found.joined().contains("t0ken"))
    }

    @Test(arguments: [
        ("http://git.example.org", true), ("http://127.0.0.1:3000", false),
        ("http://localhost:3000", false), ("https://git.example.org", false),
    ])
    func `a token on an open line draws a warning`(url: String, isWarned: Bool) throws {
        let yaml = "\(ingressLine)\ngitea: { url: \"\(url)\", token_file: t }"
        #expect(try load(yaml).warnings.isEmpty == !isWarned)
    }

    @Test(arguments: [
        (nil, "does not exist; write an access token of Gitea's into it (Settings, Applications)"),
        ("", "is empty; write an access token of Gitea's into it (Settings, Applications)"),
        ("my t0ken", "is no token: it has a space, a line break or no ASCII in it"),
    ])
    func `a token file without a token is an error where it is used`(
        text: String?,
        message: String
    ) throws {
        try TemporaryFolder.with { folder in
            if let text { try folder.write("t", text) }
            let file = try folder.write(
                "samovar.yaml",
                "\(ingressLine)\ngitea: { \(Self.url), token_file: t }"
            )
            let error = try #require(throws: ConfigurationError.self) {
                try Configuration.load(file: file, secrets: .handlers, environment: ["HOME": "/"])
            }
            #expect(error.diagnostics.map(\.message) == ["\(folder.path)/t \(message)"])
            // The ingress runs as another user, and needs none.
            _ = try Configuration.load(file: file, secrets: .skip, environment: ["HOME": "/"])
        }
    }
}
