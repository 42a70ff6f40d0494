import Program
import QueueCore
import Settings
import Testing

@testable import Operator

/// What keeps a service from starting is said by `check`, in the same words.
@Suite
struct StartCheckTests {
    private func check(
        _ folder: TemporaryFolder,
        store: String = "queue.db",
        spool: String? = nil,
        listen: String = "127.0.0.1",
        allowsPublic: Bool = false
    ) async -> StartCheck {
        var ingress = IngressSettings(secrets: [])
        ingress.listen = HostPort(host: listen, port: 8480)
        ingress.spool = spool.map { SpoolSettings(file: "\(folder.path)/\($0)") }
        let configuration = Configuration(
            file: "\(folder.path)/samovar.yaml",
            store: "\(folder.path)/\(store)",
            ingress: ingress
        )
        let hasStore = folder.has(store)
        return await StartCheck(configuration, hasStore: hasStore, allowsPublic: allowsPublic)
    }

    @Test(arguments: ["nowhere/spool", "file/spool", "folder", "foreign", "link"])
    func `a spool that the ingress refuses is refused in its words`(name: String) async throws {
        try await TemporaryFolder.with { folder in
            try folder.write("file", "")
            try folder.write("foreign", String(repeating: "not a spool\n", count: 1000))
            try folder.makeFolder("folder")
            try folder.link("link", to: "file")
            let start = await check(folder, spool: name)
            let refusal = try #require(start.refusal)
            // The real thing comes after: it may change what it opens.
            let error = try #require(throws: SpoolError.self) {
                try SpoolFile(
                    path: "\(folder.path)/\(name)",
                    bytesMax: 1 << 30,
                    now: Clocks.system.now()
                )
            }
            #expect(refusal.message == error.description)
            #expect(refusal.hint == error.operatorHint)
            #expect(refusal.status == .unavailable)
        }
    }

    @Test
    func `with a store, a spool that a disk keeps away is a warning, as for the ingress`()
        async throws
    {
        try await TemporaryFolder.with { folder in
            try await SQLiteStore(path: "\(folder.path)/queue.db").close()
            let start = await check(folder, spool: "nowhere/spool")
            #expect(start.refusals.isEmpty)
            #expect(start.warnings.count == 1)
            #expect(start.warnings.first?.contains("serves without the spool") == true)
            try folder.write("foreign", String(repeating: "not a spool\n", count: 1000))
            let foreign = await check(folder, spool: "foreign")
            #expect(foreign.refusals.count == 1)
        }
    }

    @Test
    func `a store that cannot be made is refused in its words, and nothing is made`() async throws {
        try await TemporaryFolder.with { folder in
            try folder.write("file", "")
            let start = await check(folder, store: "file/a/queue.db")
            let refusal = try #require(start.refusal)
            let error = try #require(throws: StoreError.self) {
                try SQLiteStore(path: "\(folder.path)/file/a/queue.db")
            }
            #expect(refusal.message == error.description)
            let fine = await check(folder, store: "new/folder/queue.db", spool: "spool")
            #expect(fine.refusals.isEmpty)
            #expect(!folder.has("new") && !folder.has("spool"))
        }
    }

    @Test
    func `an address that is not this machine's is refused`() async throws {
        try await TemporaryFolder.with { folder in
            // TEST-NET-1 (RFC 5737).
            let start = await check(folder, listen: "192.0.2.1", allowsPublic: true)
            #expect(
                start.refusal?.message
                    == "cannot listen on 192.0.2.1:8480: Cannot assign requested address"
            )
            #expect(start.warnings.isEmpty)
        }
    }

    @Test
    func `an open address draws a warning, unless the services are told of it`() async throws {
        try await TemporaryFolder.with { folder in
            let start = await check(folder, listen: "0.0.0.0")
            #expect(start.refusals.isEmpty)
            #expect(
                start.warnings == [
                    "ingress.listen is 0.0.0.0:8480, which other machines can reach: "
                        + "samovar-ingress and samovar up start there only with --allow-public"
                ]
            )
            let told = await check(folder, listen: "0.0.0.0", allowsPublic: true)
            #expect(told.warnings.isEmpty)
        }
    }
}
