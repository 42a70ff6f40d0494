import Testing

@testable import Settings

/// What is wrong with the files themselves is tested with the programs, where certificates are made.
@Suite
struct TLSSettingsTests {
    @Test(arguments: [
        ("tls: yes", "1:48: ingress.tls must be a mapping, not 'yes'"),
        ("tls: { key: k }", "1:48: ingress.tls.certificate is missing"),
        ("tls: { certificate: c }", "1:48: ingress.tls.key is missing"),
        (
            "tls: { certificate: c, key: k, cert: x }",
            "1:74: unknown key 'cert' in ingress.tls; did you mean 'certificate'?"
        ),
        (
            "tls: { certificate: c, key: ~/k }",
            "1:71: ingress.tls.key: '~' is not expanded; write the whole path"
        ),
    ])
    func `wrong values are reported`(line: String, message: String) throws {
        let found = try mistakes("ingress: { secrets: [{ id: a, file: a }], \(line) }")
        #expect(found.count == 1)
        #expect(found.first == message)
    }

    @Test
    func `its files stay closed to who only looks`() throws {
        try TemporaryFolder.with { folder in
            let file = try folder.write(
                "samovar.yaml",
                """
                store: queue.db
                ingress:
                  tls: { certificate: cert.pem, key: /etc/key.pem }
                  secrets: [{ id: a, file: a.secret }]

                """
            )
            let tls = try #require(
                try Configuration.load(file: file, secrets: .skip, environment: [:]).ingress.tls
            )
            #expect(tls.certificateFile == "\(folder.path)/cert.pem")
            #expect(tls.keyFile == "/etc/key.pem")
            #expect(tls.chain.isEmpty)
        }
    }
}
