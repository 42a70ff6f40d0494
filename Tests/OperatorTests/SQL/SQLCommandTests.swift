import Foundation
import Testing

@testable import Operator

@Suite
struct SQLCommandTests {
    private func shell(
        readOnly: Bool = false,
        statement: String? = nil,
        terminal: Bool = false
    ) -> [String] {
        SafeShell(
            store: "/s/queue.db",
            isReadOnly: readOnly,
            statement: statement,
            isTerminal: terminal
        ).arguments
    }

    @Test
    func `the shell waits, leaves checkpoints alone and checks foreign keys`() {
        #expect(
            shell() == [
                "-cmd", ".output /dev/null", "-cmd", ".timeout 5000",
                "-cmd", "PRAGMA wal_autocheckpoint=0;", "-cmd", "PRAGMA foreign_keys=ON;",
                "-cmd", ".dbconfig no_ckpt_on_close on", "-cmd", ".output", "/s/queue.db",
            ]
        )
    }

    @Test
    func `people see a box, programs plain rows`() {
        #expect(shell(terminal: true).suffix(3) == ["-header", "-box", "/s/queue.db"])
        #expect(
            shell(readOnly: true, statement: "SELECT 1").suffix(3)
                == ["-readonly", "/s/queue.db", "SELECT 1"]
        )
    }

    @Test
    func `a comment is no option`() {
        #expect(shell(statement: "-- why\nSELECT 1").last == " -- why\nSELECT 1")
    }

    @Test
    func `the program is found in the search path, in its order`() async throws {
        try await TemporaryFolder.with { folder in
            for name in ["one", "two", "three"] {
                try FileManager.default.createDirectory(
                    atPath: "\(folder.path)/\(name)",
                    withIntermediateDirectories: false
                )
            }
            for (name, mode) in [("one", 0o644), ("two", 0o755), ("three", 0o755)] {
                let file = try folder.write("\(name)/tool", "#!/bin/sh\n")
                try FileManager.default.setAttributes(
                    [.posixPermissions: mode],
                    ofItemAtPath: file
                )
            }
            let path = ["zero", "one", "two", "three"].map { "\(folder.path)/\($0)" }
                .joined(separator: ":")
            #expect(SQLCommand.find("tool", in: path) == "\(folder.path)/two/tool")
            #expect(SQLCommand.find("other", in: path) == nil)
            #expect(SQLCommand.find("tool", in: "") == nil)
        }
    }
}
