import Testing

@testable import Settings

@Suite
struct SpoolSettingsTests {
    private func yaml(_ spool: String) -> String {
        "store: /srv/queue.db\ningress: { secrets: [{ id: a, file: a }], spool: \(spool) }"
    }

    @Test
    func `it is a path, a path with a size, or none`() throws {
        #expect(try load(yaml("none")).ingress.spool == nil)
        #expect(
            try load(yaml("/mnt/spool")).ingress.spool
                == SpoolSettings(file: "/mnt/spool", maxBytes: 1 << 30)
        )
        #expect(
            try load(yaml("{ file: /mnt/spool, max_size: 20MiB }")).ingress.spool
                == SpoolSettings(file: "/mnt/spool", maxBytes: 20 << 20)
        )
    }

    @Test(arguments: [
        ("[a]", "2:50: ingress.spool must be a path, not a list"),
        ("{}", "2:50: ingress.spool.file is missing"),
        ("{ max_size: 1GiB }", "2:50: ingress.spool.file is missing"),
        (
            "{ file: a, max_size: 1 }",
            "2:71: ingress.spool.max_size must be a size from 1MiB to 64GiB, not '1'"
        ),
        (
            "{ file: a, size: 1GiB }",
            "2:61: unknown key 'size' in ingress.spool; did you mean 'max_size'?"
        ),
        (
            "/srv/queue.db",
            "2:50: ingress.spool is the store's own file: the spool needs one of its own, "
                + "best on another disk"
        ),
        (
            "/srv/./queue.db-wal",
            "2:50: ingress.spool is the store's own file: the spool needs one of its own, "
                + "best on another disk"
        ),
        ("~/spool", "2:50: ingress.spool: '~' is not expanded; write the whole path"),
    ])
    func `wrong values are reported`(spool: String, message: String) throws {
        #expect(try mistakes(yaml(spool)) == [message])
    }
}
