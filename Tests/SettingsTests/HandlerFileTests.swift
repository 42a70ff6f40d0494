import Testing

@testable import Settings

/// The files that http handlers name.
@Suite
struct HandlerFileTests {
    private func load(
        _ line: String,
        in folder: TemporaryFolder,
        _ reading: SecretReading = .handlers,
        url: String = "https://h"
    ) throws -> Configuration {
        let yaml = "\(ingressLine)\nhandlers: { a: { http: { url: '\(url)', \(line) } } }"
        return try Configuration.load(
            file: folder.write("samovar.yaml", yaml),
            secrets: reading,
            environment: ["HOME": "/"]
        )
    }

    private func mistake(_ line: String, in folder: TemporaryFolder) throws -> String {
        let error = try #require(throws: ConfigurationError.self) { try load(line, in: folder) }
        return error.diagnostics.map { $0.lines(without: "\(folder.path)/samovar.yaml") }
            .joined(separator: "\n")
            .replacing(folder.path, with: "F")
    }

    private func warnings(_ configuration: Configuration) -> [String] {
        configuration.warnings.map { $0.lines(without: configuration.file) }
    }

    @Test(arguments: ["bearer_file", "signing_secret_file", "template_file", "ca_file"])
    func `only who needs them opens handlers' files`(key: String) throws {
        try TemporaryFolder.with { folder in
            for reading in [SecretReading.skip, .webhook] {
                if reading == .webhook { try folder.write("a.secret", "0123456789abcdef") }
                let configuration = try load("\(key): missing", in: folder, reading)
                #expect(configuration.handlers.count == 1)
            }
            #expect(throws: ConfigurationError.self) { try load("\(key): missing", in: folder) }
        }
    }

    @Test
    func `the worker reads handlers' secrets and not the webhook's`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("token", "t0ken\r\n")
            let configuration = try load("bearer_file: token", in: folder)
            #expect(configuration.handlers.first?.http?.bearer?.bytes == Array("t0ken".utf8))
            #expect(configuration.ingress.secrets.map(\.key) == [[]])
        }
    }

    @Test
    func `certificates are read as they are`() throws {
        try TemporaryFolder.with { folder in
            let pem = Self.certificate
            try folder.write("f", pem)
            let authorities = try load("ca_file: f", in: folder).handlers.first?.http?.authorities
            #expect(authorities == CertificateFile(file: "\(folder.path)/f", pem: Array(pem.utf8)))
        }
    }

    /// Valid until 2126, for nobody.
    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBdDCCARmgAwIBAgIUE9v2ZIVaFOdjugrK05AQ/RXL8xIwCgYIKoZIzj0EAwIw
        DjEMMAoGA1UEAwwDdGVhMCAXDTI2MTEzMDIxNTkwN1oYDzIxMjYxMTA2MjE1OTA3
        WjAOMQwwCgYDVQQDDAN0ZWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARlPNWC
        YVbRDXB6CXTb9IDb7edPUX9KrrL51H6KAQA4A0iq53/i1klwnj2zwGVQbpnWZ5cj
        GNXH8Z1olb/JCOi6o1MwUTAdBgNVHQ4EFgQUT3Zg+t3OSCLxkVotITgX7+8DngQw
        HwYDVR0jBBgwFoAUT3Zg+t3OSCLxkVotITgX7+8DngQwDwYDVR0TAQH/BAUwAwEB
        /zAKBggqhkjOPQQDAgNJADBGAiEA4L1HcsQEIMhAiI/4SU6n5NTrWIJ7rNlxl8JS
        FZZhbu4CIQDpINvZQQsGxXgZIXdErqR0oAGbx/n3En4AWEx5Y/+8qg==
        -----END CERTIFICATE-----

        """

    static let problems: [(String, String?, String)] = [
        (
            "bearer_file", nil,
            "2:57: F/f does not exist; write the receiver's token into it"
        ),
        ("bearer_file", "\n", "2:57: F/f is empty; write the receiver's token into it"),
        (
            "bearer_file", "a b",
            "2:57: F/f is no token: it has a space, a line break or no ASCII in it"
        ),
        (
            "bearer_file", "a\n\n",
            "2:57: F/f is no token: it has a space, a line break or no ASCII in it"
        ),
        (
            "signing_secret_file", nil,
            "2:65: F/f does not exist; 'openssl rand -hex 32' prints a new one"
        ),
        (
            "signing_secret_file", "",
            "2:65: F/f is empty: anybody could sign with an empty secret; "
                + "'openssl rand -hex 32' prints a new one"
        ),
        ("template_file", nil, "2:59: F/f does not exist"),
        ("template_file", "", "2:59: F/f is empty"),
        ("template_file", "a\n  {{#b}}\n", "2:59: F/f:2:3: the section 'b' is not closed"),
        ("ca_file", nil, "2:53: F/f does not exist"),
        (
            "ca_file", "text",
            "2:53: F/f holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"
        ),
        (
            "ca_file", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "2:53: F/f holds a damaged certificate: 'openssl x509 -in F/f' says more"
        ),
    ]

    @Test(arguments: problems)
    func `a file that cannot be used is an error`(
        key: String,
        contents: String?,
        message: String
    ) throws {
        try TemporaryFolder.with { folder in
            if let contents { try folder.write("f", contents) }
            #expect(try mistake("\(key): f", in: folder) == message)
        }
    }

    @Test
    func `a template that is not UTF-8 or too large is an error`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("f", bytes: [0x61, 0xFF])
            #expect(try mistake("template_file: f", in: folder) == "2:59: F/f is not UTF-8")
            try folder.write("f", String(repeating: "a", count: (1 << 20) + 1))
            #expect(
                try mistake("template_file: f", in: folder) == "2:59: F/f is larger than 1MiB"
            )
        }
    }

    @Test
    func `a short key and an open file draw warnings`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("f", "short", mode: 0o644)
            let signed = try load("signing_secret_file: f", in: folder)
            let open = "\(folder.path)/f is open to every user of this machine: "
            #expect(
                warnings(signed) == [
                    "2:65: \(folder.path)/f has 5 bytes, which is easy to guess: use 16 or more",
                    "2:65: \(open)run chmod o= \(folder.path)/f",
                ]
            )
            // How long a token is, is the receiver's choice.
            let bearer = try load("bearer_file: f", in: folder)
            #expect(warnings(bearer) == ["2:57: \(open)run chmod o= \(folder.path)/f"])
        }
    }

    @Test(arguments: ["bearer_file", "signing_secret_file"])
    func `a secret in quotes draws a warning, whatever it is for`(key: String) throws {
        try TemporaryFolder.with { folder in
            let file = try folder.write("f", "'0123456789abcdef'\n")
            #expect(
                try warnings(load("\(key): f", in: folder)).map { $0.drop { $0 != "/" } } == [
                    "\(file) is in quotes, which count: remove them, unless the receiver's is "
                        + "the same"
                ]
            )
        }
    }

    @Test
    func `a token over plain http draws a warning, unless it stays on this machine`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("f", "0123456789abcdef")
            let remote = try load("bearer_file: f", in: folder, url: "http://agents.example/x")
            #expect(
                warnings(remote) == [
                    "2:31: handlers.a.http.url is not https: whoever is on the way to "
                        + "agents.example can read and change what is sent"
                ]
            )
            for url in ["http://127.0.0.1:80/", "http://[::1]/", "http://localhost", "https://h"] {
                #expect(try warnings(load("bearer_file: f", in: folder, url: url)) == [])
            }
        }
    }

    @Test
    func `descriptions never show the bytes`() {
        let secret = HandlerSecret(file: "/f", bytes: Array("hunter2hunter2".utf8))
        let settings = HTTPSettings(url: "http://h", bearer: secret, signingKey: secret)
        var dumped = ""
        dump(settings, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\(settings)", dumped] {
            #expect(text.contains("/f"))
            #expect(!text.contains("104"))
            #expect(!text.contains("hunter"))
        }
    }
}
