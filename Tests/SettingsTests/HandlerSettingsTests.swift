import Testing

@testable import Settings

@Suite
struct HandlerSettingsTests {
    @Test(arguments: [
        ("{}", "handlers.ci needs exec, a program, or http, a service"),
        ("{ exec: [] }", "handlers.ci.exec is empty: the program, then its arguments"),
        (
            "{ exec: /bin/sh }",
            "handlers.ci.exec must be a list: the program, then its arguments, not '/bin/sh'"
        ),
        (
            "{ exec: 'python3 run.py --all' }",
            "handlers.ci.exec must be a list: the program, then its arguments, not "
                + "'python3 run.py --all'; write [python3, run.py, --all]"
        ),
        (
            "{ exec: 'cat | tee log' }",
            "handlers.ci.exec must be a list: the program, then its arguments, not "
                + "'cat | tee log'; no shell reads it: for a shell's syntax write "
                + "[/bin/sh, -c, 'cat | tee log']"
        ),
        (
            "{ exec: ['${HOME}/run'] }",
            "handlers.ci.exec[0]: variables are not expanded in '${HOME}/run'; write the whole path"
        ),
        (
            "{ exec: [/bin/sh], directory: $HOME }",
            "handlers.ci.directory: variables are not expanded in '$HOME'; write the whole path"
        ),
        (
            "{ exec: [/bin/sh], env: [SAMOVAR_TOKEN] }",
            "handlers.ci.env[0] is 'SAMOVAR_TOKEN', and what begins with SAMOVAR_ is never let "
                + "through"
        ),
        ("{ exec: [''] }", "handlers.ci.exec[0] must be a path, not ''"),
        ("{ exec: [/bin/sh, [a]] }", "handlers.ci.exec[1] must be a text, not a list"),
        (
            "{ exec: [/bin/sh], timeout: 0s }",
            "handlers.ci.timeout must be a duration from 1ms to 30d, not '0s'"
        ),
        (
            "{ exec: [/bin/sh], idle_timeout: 0s }",
            "handlers.ci.idle_timeout must be a duration from 1ms to 30d, not '0s'"
        ),
        (
            "{ exec: [/bin/sh], timeout: soon }",
            "handlers.ci.timeout must be a duration such as 30s, 5m or 1h30m, not 'soon'"
        ),
        (
            "{ exec: [/bin/sh], concurrency: 0 }",
            "handlers.ci.concurrency must be a whole number from 1 to 1024, not '0'"
        ),
        ("{ exec: [/bin/sh], retry: 3 }", "handlers.ci.retry must be a mapping, not '3'"),
        (
            "{ exec: [/bin/sh], retry: { attempts: 0 } }",
            "handlers.ci.retry.attempts must be a whole number from 1 to 100, not '0'"
        ),
        (
            "{ exec: [/bin/sh], retry: { cap: 8d } }",
            "handlers.ci.retry.cap must be a duration from 1ms to 7d, not '8d'"
        ),
        (
            "{ exec: [/bin/sh], retry: { cap: 5s } }",
            "handlers.ci.retry.cap (5s) must not be less than handlers.ci.retry.base (10s)"
        ),
        (
            "{ exec: [/bin/sh], retry: { base: 2h } }",
            "handlers.ci.retry.cap (1h) must not be less than handlers.ci.retry.base (2h)"
        ),
        (
            "{ exec: [/bin/sh], stdin: payloads }",
            "handlers.ci.stdin must be one of envelope, payload, none, not 'payloads'; "
                + "did you mean 'payload'?"
        ),
        (
            "{ exec: [/bin/sh], env: { A: b } }",
            "handlers.ci.env must be a list of names of variables, not a mapping"
        ),
        (
            "{ exec: [/bin/sh], env: [A=b] }",
            "handlers.ci.env[0] must be the name of a variable of the worker's environment, "
                + "not 'A=b'"
        ),
        (
            "{ exec: [/bin/sh], env: [1A] }",
            "handlers.ci.env[0] must be the name of a variable of the worker's environment, "
                + "not '1A'"
        ),
        ("{ exec: [/bin/sh], directory: [] }", "handlers.ci.directory must be a path, not a list"),
        ("[/bin/sh]", "handlers.ci must be a mapping, not a list"),
    ])
    func `wrong values are reported`(handler: String, message: String) throws {
        let found = try mistakes("\(ingressLine)\nhandlers:\n  ci: \(handler)")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("3:") == true)
        #expect(found.first?.hasSuffix(": \(message)") == true, "\(found)")
    }

    @Test(arguments: ["a b", "ä", "a/b", String(repeating: "x", count: 65)])
    func `a name has few characters`(name: String) throws {
        let shown = name.count > 60 ? "\(name.prefix(60))…" : name
        #expect(
            try mistakes("\(ingressLine)\nhandlers:\n  \(name): { exec: [/bin/sh] }") == [
                "3:3: '\(shown)' is no name: use 1 to 64 of the characters A-Z a-z 0-9 . _ -"
            ]
        )
    }

    @Test
    func `a name may have 64 characters of all kinds`() throws {
        let name = "aZ0._-" + String(repeating: "x", count: 58)
        let configuration = try load("\(ingressLine)\nhandlers: { \(name): { exec: [/bin/sh] } }")
        #expect(configuration.handlers.map(\.name) == [name])
    }

    @Test
    func `a name that looks like another type is a text`() throws {
        let configuration = try load(
            """
            \(ingressLine)
            handlers: { on: { exec: [/bin/sh, no, 010, 1.50] }, 7: { exec: [/bin/sh] } }
            """
        )
        #expect(configuration.handlers.map(\.name) == ["on", "7"])
        #expect(configuration.handlers.first?.exec?.command == ["/bin/sh", "no", "010", "1.50"])
    }

    @Test
    func `handlers keep the order of the file`() throws {
        let names = ["zebra", "ant", "mole"]
        let lines = names.map { "  \($0): { exec: [/bin/sh] }" }.joined(separator: "\n")
        #expect(try load("\(ingressLine)\nhandlers:\n\(lines)").handlers.map(\.name) == names)
    }

    @Test
    func `a program that is missing or no program draws a warning`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("plain", "", mode: 0o600)
            try folder.write("folder/file", "")
            let yaml = """
                \(ingressLine)
                handlers:
                  missing: { exec: [/nowhere/run] }
                  plain: { exec: [plain] }
                  folder: { exec: [folder] }
                  fine: { exec: [/bin/sh] }
                """
            let file = try folder.write("samovar.yaml", yaml)
            let configuration = try Configuration.load(
                file: file,
                secrets: .skip,
                environment: ["HOME": "/"]
            )
            let (place, end) = (folder.path, "; its jobs will be dead")
            #expect(
                configuration.warnings.map(\.description) == [
                    "\(file):3:21: handlers.missing: /nowhere/run does not exist\(end)",
                    "\(file):4:19: handlers.plain: \(place)/plain is not executable: "
                        + "chmod +x \(place)/plain\(end)",
                    "\(file):5:20: handlers.folder: \(place)/folder is a folder\(end)",
                ]
            )
            #expect(configuration.handlers.count == 4)
        }
    }

    @Test
    func `a folder to run in that is missing or no folder draws a warning`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("place/file", "")
            let yaml = """
                \(ingressLine)
                handlers:
                  missing: { exec: [/bin/sh], directory: nowhere }
                  file: { exec: [/bin/sh], directory: place/file }
                  fine: { exec: [/bin/sh], directory: place }
                """
            let configuration = try Configuration.load(
                file: folder.write("samovar.yaml", yaml),
                secrets: .skip,
                environment: ["HOME": "/"]
            )
            let reason = "does not exist or is no folder: its jobs will be dead"
            #expect(
                configuration.warnings.map { $0.lines(without: configuration.file) } == [
                    "3:42: handlers.missing: \(folder.path)/nowhere \(reason)",
                    "4:39: handlers.file: \(folder.path)/place/file \(reason)",
                ]
            )
            #expect(configuration.handlers.last?.exec?.directory == "\(folder.path)/place")
        }
    }
}
