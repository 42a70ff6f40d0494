import Foundation
import Testing

@testable import Settings

/// What is left of a configuration with mistakes: where its store is.
@Suite
struct SalvageTests {
    @Test(
        arguments: [
            ("store: queue.db\ncolour: red\n", "queue.db"),
            ("store: /srv/q.db\nroutes: [\n", "/srv/q.db"),
            ("store: \"queue.db\"   # here\nroutes: [\n", "queue.db"),
            ("ingress: {}\n", "/state/samovar/queue.db"),
        ]
    )
    func `the store is found whatever else is wrong`(text: String, store: String) throws {
        try TemporaryFolder.with { folder in
            try folder.write("samovar.yaml", text)
            let found = Configuration.salvage(
                file: "\(folder.path)/samovar.yaml",
                environment: ["XDG_STATE_HOME": "/state"]
            )
            #expect(found?.store == (store.hasPrefix("/") ? store : "\(folder.path)/\(store)"))
            #expect(found?.routes.isEmpty == true)
        }
    }

    @Test(arguments: ["routes: [\n", "store: [a]\n", "store:\nroutes: [\n"])
    func `a file that does not tell gives nothing`(text: String) throws {
        try TemporaryFolder.with { folder in
            try folder.write("samovar.yaml", text)
            let file = "\(folder.path)/samovar.yaml"
            #expect(Configuration.salvage(file: file, environment: [:]) == nil)
            #expect(Configuration.salvage(file: file + "x", environment: [:]) == nil)
        }
    }
}
