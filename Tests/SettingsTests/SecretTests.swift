import Foundation
import Glibc
import Testing

@testable import Settings

@Suite
struct SecretTests {
    private static let yaml = "ingress: { secrets: [{ id: a, file: a.secret }] }"

    private func load(
        _ folder: TemporaryFolder,
        _ reading: SecretReading = .read
    ) throws -> Configuration {
        try Configuration.load(
            file: folder.write("samovar.yaml", Self.yaml),
            secrets: reading,
            environment: ["HOME": "/"]
        )
    }

    private func mistake(_ folder: TemporaryFolder) throws -> String {
        try folder.write("samovar.yaml", Self.yaml)
        return try Self.mistake(reading: "samovar.yaml", in: folder)
    }

    private static func mistake(reading name: String, in folder: TemporaryFolder) throws -> String {
        let file = "\(folder.path)/\(name)"
        let error = try #require(throws: ConfigurationError.self) {
            try Configuration.load(file: file, secrets: .read, environment: ["HOME": "/"])
        }
        return error.diagnostics.map { $0.lines(without: file) }.joined(separator: "\n")
    }

    @Test(arguments: [
        ("0123456789abcdef", "0123456789abcdef"),
        ("0123456789abcdef\n", "0123456789abcdef"),
        ("0123456789abcdef\r\n", "0123456789abcdef"),
        ("a long secret of words\n", "a long secret of words"),
        ("QUJDREVGR0hJSktMTU5P==\n", "QUJDREVGR0hJSktMTU5P=="),
    ])
    func `one line break at the end is not part of the secret`(text: String, key: String) throws {
        try TemporaryFolder.with { folder in
            try folder.write("a.secret", text)
            let configuration = try load(folder)
            #expect(configuration.ingress.secrets.map(\.key) == [Array(key.utf8)])
            #expect(configuration.warnings == [])
        }
    }

    private static let never = ", so it would match no delivery: "

    static let hopeless: [([UInt8], String)] = [
        (
            Array("s3cret-0123456789abcdef\n\n".utf8),
            "has more than one line, or several line breaks at its end\(never)"
                + "only one line break at the end is left out; remove the others"
        ),
        (
            [0xEF, 0xBB, 0xBF] + Array("s3cret-0123456789abcdef\n".utf8),
            "begins with a byte order mark\(never)save it as UTF-8 without one"
        ),
        (
            [0xFF, 0xFE] + "s3cret-0123456789abcdef".utf8.flatMap { [$0, 0] },
            "is UTF-16, or holds a NUL byte\(never)"
                + "save it as UTF-8 (iconv -f UTF-16 -t UTF-8 makes it so)"
        ),
        (
            (0x80...0x9F).map { UInt8($0) },
            "is no text in UTF-8\(never)"
                + "'openssl rand -hex 32' prints a secret that can be entered in Gitea"
        ),
    ]

    @Test(arguments: hopeless)
    func `a secret that no delivery can match is an error`(
        bytes: [UInt8],
        message: String
    ) throws {
        try TemporaryFolder.with { folder in
            try folder.write("a.secret", bytes: bytes)
            let found = try mistake(folder)
            #expect(found == "1:37: \(folder.path)/a.secret \(message)")
        }
    }

    @Test(arguments: [
        ("s3cret-0123456789abcdef \n", "ends with a space, which counts: remove it"),
        (" s3cret-0123456789abcdef\n", "begins with a space, which counts: remove it"),
        ("s3cret-0123456789abcdef\t\n", "ends with a tab, which counts: remove it"),
        (
            "s3cret-\u{200B}0123456789abcdef",
            "has the invisible character U+200B, which counts: remove it"
        ),
        (
            "s3cret-0123456789abcdef\u{A0}",
            "ends with the invisible character U+00A0, which counts: remove it"
        ),
        ("\"s3cret-0123456789abcdef\"\n", "is in quotes, which count: remove them"),
        (
            "WEBHOOK_SECRET=s3cret-0123456789abcdef\n",
            "holds NAME=value, all of which counts: keep the value alone"
        ),
        (
            "export SECRET=s3cret-0123456789abcdef\n",
            "holds NAME=value, all of which counts: keep the value alone"
        ),
    ])
    func `a secret that is hardly meant draws a warning`(text: String, message: String) throws {
        try TemporaryFolder.with { folder in
            let file = try folder.write("a.secret", text)
            let configuration = try load(folder)
            #expect(
                configuration.warnings.map { $0.lines(without: configuration.file) }
                    == ["1:37: \(file) \(message), unless the secret in Gitea is the same"]
            )
        }
    }

    @Test
    func `a process that skips secrets never opens them`() throws {
        try TemporaryFolder.with { folder in
            let secret = try #require(try load(folder, .skip).ingress.secrets.first)
            #expect(secret.key == [])
            #expect(secret.file == "\(folder.path)/a.secret")
        }
    }

    @Test
    func `a missing file says how to make one`() throws {
        try TemporaryFolder.with { folder in
            let found = try mistake(folder)
            #expect(
                found == "1:37: \(folder.path)/a.secret does not exist; "
                    + "'openssl rand -hex 32 > \(folder.path)/a.secret' makes a new one"
            )
        }
    }

    @Test(arguments: ["", "\n", "\r\n"])
    func `an empty file is an error`(text: String) throws {
        try TemporaryFolder.with { folder in
            try folder.write("a.secret", text)
            let found = try mistake(folder)
            #expect(
                found == "1:37: \(folder.path)/a.secret is empty: "
                    + "anybody could sign with an empty secret; "
                    + "'openssl rand -hex 32 > \(folder.path)/a.secret' makes a new one"
            )
        }
    }

    @Test
    func `a folder is an error`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("a.secret/b", "")
            let found = try mistake(folder)
            #expect(
                found == "1:37: \(folder.path)/a.secret is a folder; "
                    + "name the file in it that holds the secret"
            )
        }
    }

    @Test
    func `a FIFO is an error and does not block`() throws {
        try TemporaryFolder.with { folder in
            #expect(unsafe mkfifo("\(folder.path)/a.secret", 0o600) == 0)
            let found = try mistake(folder)
            #expect(
                found == "1:37: \(folder.path)/a.secret is not a regular file; "
                    + "'openssl rand -hex 32 > \(folder.path)/a.secret' makes a new one"
            )
        }
    }

    @Test
    func `a file that is no secret by its size is an error`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("a.secret", String(repeating: "x", count: 65_537))
            let found = try mistake(folder)
            #expect(
                found == "1:37: \(folder.path)/a.secret is larger than 64KiB, "
                    + "which is no secret; "
                    + "'openssl rand -hex 32 > \(folder.path)/a.secret' makes a new one"
            )
        }
    }

    @Test
    func `other problems are given in the system's words`() throws {
        try TemporaryFolder.with { folder in
            let file = "\(folder.path)/a.secret"
            try FileManager.default.createSymbolicLink(
                atPath: file,
                withDestinationPath: file
            )
            let found = try mistake(folder)
            #expect(
                found
                    == "1:37: \(file) cannot be read: Too many levels of symbolic links"
            )
        }
    }

    @Test
    func `a file that may not be read says what to do`() async {
        // In a process of its own, because root reads everything and setuid is for all threads.
        await #expect(processExitsWith: .success) {
            try TemporaryFolder.with { folder in
                try folder.write("samovar.yaml", SecretTests.yaml, mode: 0o644)
                try folder.write("a.secret", "0123456789abcdef", mode: 0o000)
                #expect(unsafe chmod(folder.path, 0o755) == 0)
                let user = geteuid()
                if user == 0 { #expect(seteuid(65_534) == 0) }
                defer { #expect(seteuid(user) == 0) }
                #expect(
                    try SecretTests.mistake(reading: "samovar.yaml", in: folder)
                        == "1:37: \(folder.path)/a.secret cannot be read: permission denied; "
                        + "give it to the user who runs this (chown) and let that user read it "
                        + "(chmod u+r)"
                )
            }
        }
    }

    @Test
    func `a short secret is accepted with a warning`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("a.secret", "0123456789abcde\n")
            let configuration = try load(folder)
            #expect(
                configuration.warnings.map { $0.lines(without: configuration.file) } == [
                    "1:37: \(folder.path)/a.secret has 15 bytes, which is easy to guess: "
                        + "use 16 or more"
                ]
            )
        }
    }

    @Test(arguments: [(0o600, 0), (0o640, 0), (0o644, 1), (0o602, 1), (0o601, 1)])
    func `a secret that others can open draws a warning`(mode: Int, count: Int) throws {
        try TemporaryFolder.with { folder in
            let file = try folder.write("a.secret", "0123456789abcdef", mode: mode)
            let configuration = try load(folder)
            let expected =
                "1:37: \(file) is open to every user of this machine: run chmod o= \(file)"
            #expect(
                configuration.warnings.map { $0.lines(without: configuration.file) }
                    == Array(repeating: expected, count: count)
            )
        }
    }

    @Test
    func `descriptions never show the bytes`() {
        let secret = Secret(id: "a", file: "/f", key: Array("hunter2hunter2".utf8))
        var dumped = ""
        dump(IngressSettings(secrets: [secret]), to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\([secret])", dumped] {
            #expect(text.contains("a"))
            #expect(!text.contains("104"))
            #expect(!text.contains("hunter"))
        }
    }
}
