import Testing

@testable import Settings

@Suite
struct IngressSettingsTests {
    @Test(arguments: [
        (
            "worker: {}",
            "1:1: ingress.secrets is missing: without a secret nothing can be verified"
        ),
        ("ingress: {}", "1:10: ingress.secrets is missing"),
        (
            "ingress: { secrets: [] }",
            "1:21: ingress.secrets is empty: without a secret nothing can be verified"
        ),
        (
            "ingress: { secrets: abc }",
            "1:21: ingress.secrets must be a list of {id, file}, not 'abc'"
        ),
        ("ingress: { secrets: [{ id: a }] }", "1:22: ingress.secrets[0].file is missing"),
        ("ingress: { secrets: [{ file: a }] }", "1:22: ingress.secrets[0].id is missing"),
        (
            "ingress: { secrets: [{ id: a b, file: a }] }",
            "1:28: 'a b' is no name: use 1 to 64 of the characters A-Z a-z 0-9 . _ -"
        ),
        (
            "ingress: { secrets: [{ id: a, file: a }, { id: a, file: b }] }",
            "1:48: duplicate secret id 'a'; the first is on line 1"
        ),
    ])
    func `there must be secrets, even where their files are not opened`(
        yaml: String,
        message: String
    ) throws {
        #expect(try mistakes(yaml) == [message])
    }

    @Test(arguments: [
        (
            "listen: 127.0.0.1:8480, health: 127.0.0.1:8480",
            "ingress.health and ingress.listen must differ, but both are 127.0.0.1:8480"
        ),
        (
            "health: x",
            "ingress.health must be host:port such as 127.0.0.1:8480 or [::1]:8480, not 'x'"
        ),
        ("path: hooks", "ingress.path must start with '/', not 'hooks'"),
        ("path: /a?b=c", "ingress.path must be a path without a query or fragment, not '/a?b=c'"),
        (
            "path: /a b",
            "ingress.path must be ASCII without spaces (percent-encoded), not '/a b'"
        ),
        ("max_body: much", "ingress.max_body must be a size such as 512KiB or 32MiB, not 'much'"),
        ("max_body: 1023", "ingress.max_body must be a size from 1KiB to 512MiB, not '1023'"),
        ("max_body: 2GiB", "ingress.max_body must be a size from 1KiB to 512MiB, not '2GiB'"),
    ])
    func `wrong values are reported`(line: String, message: String) throws {
        let found = try mistakes("ingress: { secrets: [{ id: a, file: a }], \(line) }")
        #expect(found.count == 1)
        #expect(found.first?.hasSuffix(": \(message)") == true)
    }

    @Test
    func `two addresses that the system chooses do not collide`() throws {
        let ingress = try load(
            """
            ingress:
              listen: 127.0.0.1:0
              health: 127.0.0.1:0
              secrets: [{ id: a, file: a }]
            """
        ).ingress
        #expect(ingress.listen.port == 0)
        #expect(ingress.health?.port == 0)
    }
}
