import Foundation
import Testing

@testable import Settings

@Suite
struct ConfigurationTests {
    @Test
    func `a complete file is read as it is written`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("etc/webhook.secret", "0123456789abcdef\n")
            try folder.write("srv/ci", "#!/bin/sh\n", mode: 0o700)
            try folder.write("etc/place/file", "")
            let file = try folder.write("etc/samovar.yaml", Self.complete)
            let configuration = try Configuration.load(file: file, secrets: .read, environment: [:])
            #expect(configuration.file == file)
            #expect(configuration.store == "/var/lib/samovar/queue.db")
            #expect(configuration.stateFolder == "/var/lib/samovar")
            let ingress = configuration.ingress
            #expect(ingress.listen == HostPort(host: "0.0.0.0", port: 80))
            #expect(ingress.health == nil)
            #expect(ingress.path == "/gitea")
            #expect(ingress.maxBodyBytes == 1 << 20)
            #expect(ingress.secrets.map(\.id) == ["2026-11"])
            #expect(ingress.secrets.map(\.file) == ["\(folder.path)/etc/webhook.secret"])
            #expect(ingress.secrets.map(\.key) == [Array("0123456789abcdef".utf8)])
            #expect(configuration.worker == WorkerSettings(slots: 2, shutdownGrace: .seconds(5)))
            #expect(configuration.handlers == [Self.ci(in: folder), Self.audit])
            #expect(configuration.routes == Self.routes)
            #expect(configuration.warnings == [])
        }
    }

    private static let complete = """
        store: /var/lib/samovar/queue.db
        ingress:
          listen: 0.0.0.0:80
          health: none
          path: /gitea
          max_body: 1MiB
          secrets:
            - { id: "2026-11", file: webhook.secret }
        worker: { slots: 2, shutdown_grace: 5s }
        handlers:
          ci:
            exec: [../srv/ci, "", --fast]
            timeout: 30m
            concurrency: 2
            retry: { attempts: 3, base: 1s, cap: 1m }
            stdin: payload
            env: [LANG, _X1]
            directory: place
          audit: { exec: [/bin/sh] }
        routes:
          - name: ci
            on: [push, create, push]
            when: { branch: { not: default } }
            run: ci
            lane: ref
            with: { b: 1, a: [x] }
          - { name: all, on: "*", when: { action: opened }, run: audit, lane: none }
        """

    private static func ci(in folder: TemporaryFolder) -> HandlerSettings {
        HandlerSettings(
            name: "ci",
            kind: .exec(
                ExecSettings(
                    command: ["\(folder.path)/etc/../srv/ci", "", "--fast"],
                    input: .payload,
                    environment: ["LANG", "_X1"],
                    directory: "\(folder.path)/etc/place"
                )
            ),
            timeout: .seconds(1_800),
            concurrency: 2,
            retry: RetrySettings(attempts: 3, base: .seconds(1), cap: .seconds(60))
        )
    }

    private static let audit = HandlerSettings(
        name: "audit",
        kind: .exec(ExecSettings(command: ["/bin/sh"]))
    )

    private static let routes = [
        RouteSettings(
            name: "ci",
            line: 21,
            events: .types(["push", "create"]),
            when: .not(.branch([.defaultBranch])),
            run: "ci",
            lane: .ref,
            with: #"{"a":["x"],"b":1}"#
        ),
        RouteSettings(
            name: "all",
            line: 27,
            events: .any,
            when: .action(["opened"]),
            run: "audit"
        ),
    ]

    @Test
    func `what is left out has the documented defaults`() throws {
        let configuration = try load(
            """
            \(ingressLine)
            handlers: { ci: { exec: [/bin/sh] } }
            """
        )
        #expect(configuration.store == "/home/somebody/.local/state/samovar/queue.db")
        #expect(configuration.ingress.listen.description == "127.0.0.1:8480")
        #expect(configuration.ingress.health?.description == "127.0.0.1:8481")
        #expect(configuration.ingress.path == "/hooks/gitea")
        #expect(configuration.ingress.maxBodyBytes == 33_554_432)
        #expect(configuration.worker.slots == 8)
        #expect(configuration.worker.shutdownGrace == .seconds(30))
        let handler = try #require(configuration.handlers.first)
        #expect(handler.timeout == .seconds(600))
        #expect(handler.concurrency == 5)
        #expect(handler.retry.attempts == 8)
        #expect(handler.retry.base == .seconds(10))
        #expect(handler.retry.cap == .seconds(3_600))
        let exec = try #require(handler.exec)
        #expect(exec.input == .envelope)
        #expect(exec.environment == [])
        #expect(exec.directory == nil)
        #expect(configuration.routes == [])
    }

    @Test(arguments: [
        (["STATE_DIRECTORY": "/var/lib/samovar", "HOME": "/h"], "/var/lib/samovar/queue.db"),
        (["STATE_DIRECTORY": "/var/lib/a:/var/lib/b"], "/var/lib/a/queue.db"),
        (["XDG_STATE_HOME": "/xdg/", "HOME": "/h"], "/xdg/samovar/queue.db"),
        (["XDG_STATE_HOME": "relative", "HOME": "/h"], "/h/.local/state/samovar/queue.db"),
    ])
    func `the store's default place comes from the environment`(
        environment: [String: String],
        store: String
    ) throws {
        try TemporaryFolder.with { folder in
            let file = try folder.write("samovar.yaml", ingressLine)
            let configuration = try Configuration.load(
                file: file,
                secrets: .skip,
                environment: environment
            )
            #expect(configuration.store == store)
        }
    }

    @Test
    func `without any place for the store it has to be named`() throws {
        try TemporaryFolder.with { folder in
            let file = try folder.write("samovar.yaml", ingressLine)
            let error = #expect(throws: ConfigurationError.self) {
                try Configuration.load(file: file, secrets: .skip, environment: [:])
            }
            #expect(
                error?.description == "\(file):1:1: store is missing, and neither "
                    + "STATE_DIRECTORY, XDG_STATE_HOME nor HOME is set"
            )
        }
    }

    @Test
    func `relative paths start at the folder of the file`() throws {
        try TemporaryFolder.with { folder in
            let file = try folder.write("samovar.yaml", "\(ingressLine)\nstore: ./a//queue.db")
            let configuration = try Configuration.load(
                file: file,
                secrets: .skip,
                environment: [:]
            )
            #expect(configuration.store == "\(folder.path)/a/queue.db")
            #expect(configuration.ingress.secrets.map(\.file) == ["\(folder.path)/a.secret"])
        }
    }

    @Test
    func `a path of the home folder is not guessed`() throws {
        #expect(
            try mistakes("\(ingressLine)\nstore: ~/queue.db")
                == ["2:8: store: '~' is not expanded; write the whole path"]
        )
    }

    @Test
    func `mistakes in different places are all found, in the order of the file`() throws {
        #expect(
            try mistakes(
                """
                worker: { slot: 8, slots: many }
                trust: { owners: [29] }
                handlers:
                  ci: { exec: [], timeout: 30 }
                  ci: { exec: [/bin/sh] }
                routes:
                  - { name: a, on: pushes, when: { branch: "[v", tittle: x }, run: ic, lane: x }
                  - { name: a, on: push, on: push, run: ci }
                  - [b]
                ingress: { listen: "8480", secrets: [], secrets: [] }
                """
            ) == [
                "1:11: unknown key 'slot' in worker; did you mean 'slots'?",
                "1:27: worker.slots must be a whole number from 1 to 1024, not 'many'",
                "4:15: handlers.ci.exec is empty: the program, then its arguments",
                "4:28: handlers.ci.timeout needs a unit such as s, m or h: '30s'",
                "5:3: duplicate key 'ci' in handlers; the first is on line 4",
                "7:20: routes[0].on has an unknown event type 'pushes'; did you mean 'push'?",
                "7:44: routes[0].when.branch is no pattern: '[v': '[' has no ']'",
                "7:50: unknown key 'tittle' in routes[0].when; did you mean 'title'?",
                "7:68: no handler is named 'ic'; did you mean 'ci'?",
                "7:78: routes[0].lane must be one of issue, ref, repository, none, not 'x'",
                "8:13: duplicate route name 'a'; the first is on line 7",
                "8:26: duplicate key 'on' in routes[1]; the first is on line 8",
                "9:5: routes[2] must be a mapping, not a list",
                "10:20: ingress.listen must be host:port such as 127.0.0.1:8480 or "
                    + "[::1]:8480, not '8480'",
                "10:37: ingress.secrets is empty: without a secret nothing can be verified",
                "10:41: duplicate key 'secrets' in ingress; the first is on line 10",
            ]
        )
    }

    @Test
    func `a file that is not there says how to make one`() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration.load(file: "/nowhere/a.yaml", secrets: .skip, environment: [:])
        }
        #expect(
            error?.description
                == "/nowhere/a.yaml: does not exist; 'samovar init' makes one"
        )
    }

    @Test(arguments: [("/", "is a folder, not a file"), ("/dev/null", "is not a regular file")])
    func `what is no file is refused`(file: String, message: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration.load(file: file, secrets: .skip, environment: [:])
        }
        #expect(error?.description == "\(file): \(message)")
    }

    @Test
    func `a relative file is found from the working folder and made absolute`() throws {
        try TemporaryFolder.with { folder in
            let file = try folder.write("samovar.yaml", ingressLine)
            let up = FileManager.default.currentDirectoryPath.split(separator: "/").map { _ in ".."
            }
            let relative = up.joined(separator: "/") + file
            let configuration = try Configuration.load(
                file: relative,
                secrets: .skip,
                environment: ["HOME": "/"]
            )
            #expect(configuration.file.hasPrefix("/"))
            #expect(configuration.file.hasSuffix(file))
        }
    }
}
