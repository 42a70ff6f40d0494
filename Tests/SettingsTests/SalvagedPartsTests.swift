import Foundation
import Testing

@testable import Settings

/// What is read of a configuration with mistakes besides its store.
@Suite
struct SalvagedPartsTests {
    private static let sound = """
        store: queue.db
        ingress:
          health: 127.0.0.1:7000
          secrets: [{ id: a, file: a.secret }]
        worker: { slots: 3 }
        retention: { bodies: 10d }
        handlers:
          ci: { exec: [/bin/true], concurrency: 3 }
        routes:
          - { name: push, on: push, run: ci }

        """

    private func salvage(_ text: String) throws -> Configuration? {
        try TemporaryFolder.with { folder in
            try folder.write("samovar.yaml", text)
            return Configuration.salvage(
                file: "\(folder.path)/samovar.yaml",
                environment: ["XDG_STATE_HOME": "/state"]
            )
        }
    }

    @Test(
        arguments: [
            ("", "", []),
            ("run: ci", "run: cii", [.routes]),
            ("slots: 3", "slots: many", [.worker]),
            ("bodies: 10d", "bodies: ever", [.retention]),
            ("exec: [/bin/true]", "comand: [/bin/true]", [.handlers]),
            ("health: 127.0.0.1:7000", "health: here", [.ingress]),
            ("retention:", "retantion:", []),
        ] as [(String, String, Set<ConfigurationPart>)]
    )
    func `sections without a mistake are read, the others are named`(
        right: String,
        wrong: String,
        unread: Set<ConfigurationPart>
    ) throws {
        let text = right.isEmpty ? Self.sound : Self.sound.replacing(right, with: wrong)
        let found = try #require(try salvage(text))
        #expect(found.unread == unread)
        #expect(found.ingress.health?.port == (unread.contains(.ingress) ? 8481 : 7000))
        #expect(found.worker.slots == (unread.contains(.worker) ? 8 : 3))
        #expect(found.handlers.map(\.name) == (unread.contains(.handlers) ? [] : ["ci"]))
        #expect(found.routes.map(\.name) == (unread.contains(.routes) ? [] : ["push"]))
    }

    @Test(arguments: ["", "\n\n", "# nothing\n  # store: here\n", "routes: [\n", "[]\n"])
    func `of a file without a word about the store, it is where it usually is`(
        text: String
    ) throws {
        let found = try #require(try salvage(text))
        #expect(found.store == "/state/samovar/queue.db")
        #expect(found.unread == Set(ConfigurationPart.allCases))
    }

    @Test
    func `a store that samovar init made beside an emptied file is found`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("queue.db", "")
            func store(_ text: String) throws -> String? {
                try folder.write("samovar.yaml", text)
                return Configuration.salvage(
                    file: "\(folder.path)/samovar.yaml",
                    environment: ["XDG_STATE_HOME": "/state"]
                )?.store
            }
            #expect(try store("") == folder.path + "/queue.db")
            // This one does tell: what is not named is in the usual place.
            #expect(try store("colour: red\n") == "/state/samovar/queue.db")
        }
    }
}
