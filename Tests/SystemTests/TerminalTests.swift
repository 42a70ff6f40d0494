import Spawn
import Foundation
import TestSupport
import Testing

/// What strangers wrote, printed by the real program.
@Suite
struct TerminalTests {
    /// The program and its words, on a terminal of their own.
    private static let onTerminal = [
        "/bin/sh", "-c", "exec script -qec \"$*\" /dev/null </dev/null", "sh",
    ]

    @Test
    func `a terminal is shown a body's escapes, a pipe and --raw get its bytes`() async throws {
        try await Site.with { site in
            let title = "tea \u{1B}[2J\u{1B}]0;changed\u{7}"
            let ingress = try site.startIngress()
            let seq = try ingress.accept(Request(body: Data("{\"title\":\"\(title)\"}".utf8)))
            func body(_ more: [String] = [], under wrapper: [String] = []) throws -> String {
                let program = try site.start(
                    Binaries.samovar,
                    arguments: ["deliveries", "body", "\(seq)"] + more,
                    under: wrapper
                )
                #expect(try program.awaitExit() == .code(0), "\(program.output)")
                return program.output
            }
            let shown = try body(under: Self.onTerminal)
            #expect(!shown.contains("\u{1B}") && !shown.contains("\u{7}"), "\(shown)")
            #expect(shown.contains(#"tea \u{1b}[2J\u{1b}]0;changed\u{7}"#), "\(shown)")
            #expect(try body().contains(title))
            #expect(try body(["--raw"], under: Self.onTerminal).contains(title))
        }
    }
}
