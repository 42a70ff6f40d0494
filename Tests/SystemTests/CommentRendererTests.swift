import Foundation
import Spawn
import TestSupport
import Testing

@testable import Routing

/// The rule for commands in comments beside two Markdown renderers, cmark-gfm and markdown-it-py,
/// which `Tests/comments` asks.
///
/// `SAMOVAR_COMMENTS` sets how many random comments are made, `SAMOVAR_COMMENTS_SEED` makes the
/// same ones again.
@Suite
struct CommentRendererTests {
    /// Comments that are made and compared at a time.
    private static let batch = 50_000

    /// A comment, and the lines of it that are said to be shown.
    private struct Claim: Encodable {
        var comment: String
        var lines: [String]
    }

    @Test
    func `no line that a renderer hides is a command`() async throws {
        let seed = Trials.seed("SAMOVAR_COMMENTS_SEED")
        let comments = Trials.count("SAMOVAR_COMMENTS", usual: 20_000)
        print("comparing \(comments) comments, SAMOVAR_COMMENTS_SEED=\(seed)")
        try await withTemporaryFolder { folder async throws in
            var claims = 0
            for start in stride(from: 0, to: comments, by: Self.batch) {
                let count = min(Self.batch, comments - start)
                let made = try Self.comments(seed &+ UInt64(start), count, in: folder)
                let found = made.map { Claim(comment: $0, lines: CommentLines($0).spoken) }
                    .filter { !$0.lines.isEmpty }
                claims += found.count
                let output = try Self.check(found, in: folder)
                #expect(
                    output.hasPrefix("\(found.count) comments compared, 0 lines hidden, "),
                    "SAMOVAR_COMMENTS_SEED=\(seed)"
                )
            }
            // Of comments that say nothing, nothing would be compared.
            #expect(claims > comments / 4)
        }
    }

    @Test
    func `a rule that hears every line is found out`() async throws {
        try await withTemporaryFolder { folder async throws in
            let made = try Self.comments(1, 2000, in: folder)
            let claims = made.map { comment in
                let lines = comment.split(separator: "\n").filter { $0.hasPrefix("/c") }
                return Claim(comment: comment, lines: lines.map(String.init))
            }
            let output = try Self.check(claims, in: folder, expecting: .code(1))
            #expect(output.contains("cmark-gfm hides '/c"))
            #expect(output.contains("markdown-it hides '/c"))
        }
    }

    // MARK: Parts

    private static let program = "\(Deploy.root)/Tests/comments"

    private static func comments(
        _ seed: UInt64,
        _ count: Int,
        in folder: String
    ) throws -> [String] {
        let file = "\(folder)/comments"
        try Deploy.run([program, "generate", "\(seed)", "\(count)", file], in: folder)
        let lines = try Data(contentsOf: URL(fileURLWithPath: file))
            .split(separator: UInt8(ascii: "\n"))
        return try lines.map { try JSONDecoder().decode(String.self, from: $0) }
    }

    /// What the renderers say to it.
    private static func check(
        _ claims: [Claim],
        in folder: String,
        expecting exit: ChildProcess.Exit = .code(0)
    ) throws -> String {
        let encoder = JSONEncoder()
        var lines = Data()
        for claim in claims { lines += try encoder.encode(claim) + Data("\n".utf8) }
        let file = "\(folder)/claims"
        try lines.write(to: URL(fileURLWithPath: file))
        return try Deploy.run([program, "check", file], in: folder, expecting: exit)
    }
}
