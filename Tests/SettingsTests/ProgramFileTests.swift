import Testing

@testable import Settings

/// What keeps a handler's program from being executed.
@Suite
struct ProgramFileTests {
    static let scripts: [(String, String)] = [
        (
            "#!/bin/sh\r\necho hello\r\n",
            "has a first line that ends with CR LF, so its interpreter is not found: "
                + "sed -i 's/\\r$//' F"
        ),
        (
            "#!/nowhere/python3 -u\n",
            "wants the interpreter /nowhere/python3, which does not exist"
        ),
        ("#!/etc/passwd\n", "wants the interpreter /etc/passwd, which is not executable"),
        (
            "#!/usr/bin/env -S A=b no-such-program -u\n",
            "wants the interpreter no-such-program, which is in no folder of PATH here"
        ),
        (
            "echo hello\n",
            "has no '#!' line and is no program: begin it with one such as #!/bin/sh"
        ),
        ("", "has no '#!' line and is no program: begin it with one such as #!/bin/sh"),
        (
            "\u{FEFF}#!/bin/sh\n",
            "begins with a byte order mark, which hides its '#!' line: save it without one"
        ),
        ("#!\n", "names no interpreter after '#!'"),
    ]

    @Test(arguments: scripts)
    func `a script that the system cannot start is told apart`(
        text: String,
        problem: String
    ) throws {
        try TemporaryFolder.with { folder in
            let file = try folder.write("run", text, mode: 0o755)
            #expect(ProgramFile(file).problem?.replacing(file, with: "F") == problem)
        }
    }

    @Test
    func `what is missing, a folder or not executable is called that`() throws {
        try TemporaryFolder.with { folder in
            let file = try folder.write("run", "#!/bin/sh\n", mode: 0o644)
            #expect(ProgramFile(file).problem == "is not executable: chmod +x \(file)")
            #expect(ProgramFile("\(file).sh").problem == "does not exist")
            #expect(ProgramFile(folder.path).problem == "is a folder")
            #expect(ProgramFile("/dev/null").problem == "is no regular file")
        }
    }

    @Test(
        arguments: ["#!/bin/sh\necho\r\n", "#! /usr/bin/env sh\n", "#!/bin/sh", "#!/bin/sh -e  \n"]
    )
    func `a good script is`(text: String) throws {
        try TemporaryFolder.with { folder in
            let file = try folder.write("run", text, mode: 0o755)
            #expect(ProgramFile(file).problem == nil)
            #expect(ProgramFile("/bin/sh").problem == nil)
        }
    }

    @Test
    func `a command in one text, and a name that is looked for in PATH, say what to write`()
        throws
    {
        let end = "; its jobs will be dead"
        let configuration = try load(
            """
            \(ingressLine)
            handlers:
              words: { exec: ["/bin/sh run.sh"] }
              name: { exec: [sh, -c, "true"] }
            """
        )
        let messages = configuration.warnings.map(\.message)
        try #require(messages.count == 2, "\(messages)")
        #expect(
            messages[0] == "handlers.words: /bin/sh run.sh does not exist: one text is one path; "
                + "write [/bin/sh, run.sh]" + end
        )
        #expect(
            messages[1].contains("/sh does not exist: a name is looked for beside the config"),
            "\(messages)"
        )
    }
}
