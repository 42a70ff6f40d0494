import Testing

@testable import Settings

@Suite
struct SourceSettingsTests {
    @Test
    func `the short form is one source called default`() throws {
        let ingress = try load(ingressLine).ingress
        #expect(ingress.sources.map(\.name) == ["default"])
        #expect(ingress.path == "/hooks/gitea")
        #expect(ingress.proxies.isEmpty)
        let source = ingress.firstSource
        #expect(source.verification == .enforce)
        #expect(source.bearer == nil)
        #expect(source.networks.isEmpty)
    }

    @Test
    func `sources have paths and secrets of their own, and what ingress says as the default`()
        throws
    {
        let ingress = try load(
            """
            ingress:
              proxies: [127.0.0.1, "::1", unix]
              networks: [10.0.0.0/8]
              max_body: 1MiB
              bearer_file: common.token
              sources:
                - { name: forge, path: /forge, secrets: [{ id: a, file: a }] }
                - name: mirror
                  path: /mirror
                  secrets: [{ id: a, file: b }, { id: c, file: c }]
                  verify: observe
                  bearer_file: own.token
                  networks: [192.0.2.7]
                  max_body: 2MiB
            """
        ).ingress
        #expect(ingress.sources.map(\.name) == ["forge", "mirror"])
        #expect(ingress.sources.map(\.path) == ["/forge", "/mirror"])
        #expect(ingress.sources.map { $0.secrets.map(\.id) } == [["a"], ["a", "c"]])
        #expect(ingress.sources.map(\.maxBodyBytes) == [1 << 20, 2 << 20])
        #expect(ingress.sources.map(\.verification) == [.enforce, .observe])
        #expect(
            ingress.sources.map { $0.networks.map(\.description) } == [
                ["10.0.0.0/8"], ["192.0.2.7/32"],
            ]
        )
        #expect(
            ingress.sources.map { $0.bearer?.file.split(separator: "/").last }
                == ["common.token", "own.token"]
        )
        #expect(ingress.proxies.map(\.description) == ["127.0.0.1/32", "::1/128", "unix"])
    }

    @Test
    func `observe is worth a warning`() throws {
        let configuration = try load(
            "ingress: { verify: observe, secrets: [{ id: a, file: a.secret }] }"
        )
        #expect(configuration.ingress.firstSource.verification == .observe)
        #expect(
            configuration.warnings.map(\.message) == [
                "ingress.verify is observe: deliveries without a signature are stored as "
                    + "unverified; set it to enforce when every hook has its secret"
            ]
        )
    }

    @Test(arguments: [
        ("sources: []", "ingress.sources is empty: without a source nothing is taken in"),
        ("sources: x", "ingress.sources must be a list of {name, path, secrets}, not 'x'"),
        (
            "sources: [{ path: /a, secrets: [{ id: a, file: a }] }]",
            "ingress.sources[0].name is missing"
        ),
        (
            "sources: [{ name: a, secrets: [{ id: a, file: a }] }]",
            "ingress.sources[0].path is missing"
        ),
        ("sources: [{ name: a, path: /a }]", "ingress.sources[0].secrets is missing"),
        (
            "sources: [{ name: a, path: /a, secrets: [] }]",
            "ingress.sources[0].secrets is empty: without a secret nothing can be verified"
        ),
        (
            "sources: [{ name: a b, path: /a, secrets: [{ id: a, file: a }] }]",
            "'a b' is no name: use 1 to 64 of the characters A-Z a-z 0-9 . _ -"
        ),
        (
            """
            sources: [{ name: a, path: /a, secrets: [{ id: a, file: a }] }, \
            { name: a, path: /b, secrets: [{ id: a, file: a }] }]
            """,
            "duplicate source name 'a'; the first is on line 1"
        ),
        (
            """
            sources: [{ name: a, path: /a, secrets: [{ id: a, file: a }] }, \
            { name: b, path: /a, secrets: [{ id: a, file: a }] }]
            """,
            "duplicate source path '/a'; the first is on line 1"
        ),
        (
            "sources: [{ name: a, path: /a, secrets: [{ id: a, file: a }, { id: a, file: b }] }]",
            "duplicate secret id 'a'; the first is on line 1"
        ),
        (
            "sources: [{ name: a, path: /a, secrets: [{ id: a, file: a }], proxies: ['::1'] }]",
            "unknown key 'proxies' in ingress.sources[0]; it may have name, path, secrets, "
                + SourceSettings.sharedKeys.joined(separator: ", ")
        ),
        (
            "path: /x, sources: [{ name: a, path: /a, secrets: [{ id: a, file: a }] }]",
            "ingress.path and ingress.sources exclude each other: each source has its own"
        ),
        (
            "secrets: [{ id: a, file: a }], verify: maybe",
            "ingress.verify must be one of enforce, observe, not 'maybe'"
        ),
        (
            "secrets: [{ id: a, file: a }], networks: 10.0.0.0/8",
            "ingress.networks must be a list of networks such as [10.0.0.0/8], not '10.0.0.0/8'"
        ),
        (
            "secrets: [{ id: a, file: a }], networks: []",
            "ingress.networks is empty: leave it out for requests from everywhere"
        ),
        (
            "secrets: [{ id: a, file: a }], proxies: [10.0.0.1/8]",
            "ingress.proxies[0] has bits behind its prefix: write 10.0.0.0/8 for the network, "
                + "10.0.0.1 for the address"
        ),
    ])
    func `mistakes are reported`(line: String, message: String) throws {
        let found = try mistakes("ingress: { \(line) }")
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.contains(": \(message)") == true, "\(found)")
    }

    @Test
    func `a token's file is read for the ingress, and must hold one`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("a.secret", "0123456789abcdef")
            let yaml = "ingress: { bearer_file: t, secrets: [{ id: a, file: a.secret }] }"
            let file = try folder.write("samovar.yaml", yaml)
            func load(_ secrets: SecretReading) throws -> SourceBearer? {
                try Configuration.load(file: file, secrets: secrets, environment: ["HOME": "/"])
                    .ingress.firstSource.bearer
            }
            let missing = #expect(throws: ConfigurationError.self) { try load(.webhook) }
            #expect(missing?.diagnostics.first?.message.contains("t does not exist") == true)
            try folder.write("t", "two words\n")
            #expect(throws: ConfigurationError.self) { try load(.webhook) }
            try folder.write("t", "word\n")
            #expect(try load(.webhook)?.token == Array("word".utf8))
            #expect(try load(.handlers)?.token == [])
            #expect(String(describing: try load(.webhook)).contains("word") == false)
        }
    }
}
