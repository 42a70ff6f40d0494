import Foundation
import Gitea
import Spawn
import Synchronization
import TestSupport
import Testing

/// SIGHUP: a changed configuration without a restart.
@Suite(.timeLimit(.minutes(10)))
struct ReloadTests {
    /// A client that signs with each of its keys in turn, until it is over.
    private final class Sender: Sendable {
        let keys: Mutex<[SigningKey]>
        let statuses = Mutex<[Int]>([])
        let isOver = Atomic<Bool>(false)

        init(key: SigningKey) {
            keys = Mutex([key])
        }
    }

    private let old = SigningKey(id: "old", key: Array("s3cret".utf8))
    private let new = SigningKey(id: "new", key: Array("a fresh and long secret".utf8))

    private func settings(_ ids: [String], ingress: [String] = []) -> SiteSettings {
        let secrets = ["test": "s3cret", "new": "a fresh and long secret"]
        return SiteSettings(
            secrets: ids.map { (id: $0, secret: secrets[$0] ?? "") },
            ingress: ingress
        )
    }

    /// Has a program read its configuration again, and waits for it.
    private func reload(
        _ program: RunningProgram,
        until line: String = "configuration reloaded"
    ) throws {
        let before = program.output.components(separatedBy: line).count
        program.signal(SIGHUP)
        try waitUntil("another '\(line)'") {
            program.output.components(separatedBy: line).count > before
        }
    }

    @Test
    func `a secret that is added counts, one that is taken out does not`() async throws {
        try await Site.with(settings(["test"])) { site in
            let ingress = try site.startIngress()
            let connection = try ingress.connect()
            func status(_ key: SigningKey) throws -> Int {
                try connection.send(Request(key: key).bytes)
                return try connection.reply().status
            }
            #expect(try status(old) == 202)
            #expect(try status(new) == 401)
            try site.write(settings(["new", "test"]))
            try reload(ingress.program)
            #expect(try status(old) == 202)
            #expect(try status(new) == 202)
            try site.write(settings(["new"]))
            try reload(ingress.program)
            #expect(try status(old) == 401)
            #expect(try status(new) == 202)
            let used = try site.reader.texts("SELECT verified_by FROM delivery ORDER BY seq")
            #expect(used == ["test", "test", "new", "new"])
        }
    }

    @Test
    func `a request goes on with what counted at its head`() async throws {
        try await Site.with(settings(["test"])) { site in
            let ingress = try site.startIngress()
            let connection = try ingress.connect()
            let request = Request(key: old).with { $0.set("Expect", "100-continue") }
            try connection.send(request.head)
            #expect(try connection.reply().status == 100)
            try site.write(settings(["new"]))
            try reload(ingress.program)
            try connection.send(Array(request.body))
            #expect(try connection.reply().status == 202)
        }
    }

    @Test
    func `a file with mistakes changes nothing, and the log names each`() async throws {
        try await Site.with(settings(["test"])) { site in
            let ingress = try site.startIngress()
            try site.write(
                """
                store: queue.db
                colour: red
                ingress:
                  listen: 127.0.0.1:0
                  health: 127.0.0.1:0
                  secrets:
                    - { id: new, file: nowhere.secret }

                """,
                to: "samovar.yaml"
            )
            try reload(ingress.program, until: "configuration not reloaded: the old one goes on")
            #expect(ingress.program.output.contains("samovar.yaml:2:1: unknown key 'colour'"))
            #expect(ingress.program.output.contains("samovar.yaml:7:24: "))
            #expect(ingress.program.output.contains("nowhere.secret does not exist"))
            #expect(try ingress.send(Request(key: old)).status == 202)
            try FileManager.default.removeItem(atPath: site.configuration)
            try reload(ingress.program, until: "configuration not reloaded: the old one goes on")
            #expect(try ingress.send(Request(key: old)).status == 202)
            try site.write(settings(["new"]))
            try reload(ingress.program)
            #expect(try ingress.send(Request(key: new)).status == 202)
        }
    }

    @Test
    func `what needs a restart is said, and the rest counts`() async throws {
        try await Site.with(settings(["test"])) { site in
            let ingress = try site.startIngress()
            var changed = settings(["new"])
            changed.listen = "127.0.0.1:1"
            try site.write(changed)
            try reload(ingress.program)
            #expect(
                ingress.program.output.contains(
                    "these changes come with a restart keys=ingress.listen"
                )
            )
            #expect(try ingress.send(Request(key: new)).status == 202)
        }
    }

    @Test
    func `a hundred SIGHUPs under load end nothing`() async throws {
        let note = SiteSettings.Handler(name: "note", command: ["/usr/bin/true"])
        try await Site.with(SiteSettings(handlers: [note])) { site in
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            let connection = try ingress.connect()
            for _ in 1...100 {
                ingress.program.signal(SIGHUP)
                worker.signal(SIGHUP)
                try connection.send(Request().bytes)
                #expect(try connection.reply().status == 202)
            }
            try site.awaitQuiet()
            try worker.awaitLine("configuration reloaded")
            for program in [ingress.program, worker] {
                program.signal(SIGTERM)
                #expect(try program.awaitExit() == .code(0))
            }
        }
    }

    @Test
    func `a rotation under load refuses nothing that either secret signed`() async throws {
        try await Site.with(settings(["test"])) { site in
            let ingress = try site.startIngress()
            func samovar(_ words: String..., exit: Int32 = 0) throws -> String {
                let program = try site.start(Binaries.samovar, arguments: words)
                #expect(try program.awaitExit() == .code(exit), "\(program.output)")
                return program.output
            }
            let sender = Sender(key: old)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let connection = try ingress.connect()
                    while !sender.isOver.load(ordering: .relaxed) {
                        for key in sender.keys.withLock(\.self) {
                            try connection.send(Request(key: key).bytes)
                            let status = try connection.reply().status
                            sender.statuses.withLock { $0.append(status) }
                        }
                    }
                }
                defer { sender.isOver.store(true, ordering: .relaxed) }
                let text = try samovar("secrets", "rotate", "--id", "fresh")
                #expect(text.contains("webhook-fresh.secret"))
                #expect(text.contains("samovar secrets retire test"))
                let secret = try String(
                    contentsOfFile: site.path("webhook-fresh.secret"),
                    encoding: .utf8
                ).trimmingCharacters(in: .newlines)
                #expect(secret.count == 64)
                #expect(!text.contains(secret))
                try reload(ingress.program)
                let fresh = SigningKey(id: "fresh", key: Array(secret.utf8))
                sender.keys.withLock { $0.append(fresh) }
                let before = sender.statuses.withLock(\.count)
                try waitUntil("both to be used") {
                    sender.statuses.withLock(\.count) > before + 100
                }

                // Still in use.
                let refusal = try samovar("secrets", "retire", "test", exit: 1)
                #expect(refusal.contains("verified a delivery"))
                let list = try samovar("secrets", "list")
                #expect(list.contains("a hook still signs with it"))

                sender.keys.withLock { $0 = [fresh] }
                _ = try samovar("secrets", "retire", "test", "--force")
                try reload(ingress.program)
            }
            #expect(Set(sender.statuses.withLock(\.self)) == [202])
            #expect(try ingress.send(Request(key: old)).status == 401)
            #expect(try samovar("secrets", "list").contains("not in the configuration"))
        }
    }
}
