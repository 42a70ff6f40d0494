import Foundation
import Testing

@testable import QueueCore
@testable import Routing
@testable import Settings

/// The examples of docs/ROUTES.md, each with the recordings that it matches and does not match.
@Suite
struct RouteExampleTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var yaml: String
        var line: Int
        var matching: [ConditionCase]
        var failing: [ConditionCase]

        var testDescription: String { "line \(line): \(yaml)" }
    }

    static let document: [String] = {
        let file = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent()
            .appendingPathComponent("../../../docs/ROUTES.md")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return text.components(separatedBy: "\n")
    }()

    /// Blocks of YAML that hold a route, and the line behind each.
    static let examples: [Example] = {
        var examples: [Example] = []
        var start: Int?
        for (number, line) in document.enumerated() {
            if line == "```yaml" {
                start = number + 1
            } else if line == "```", let first = start {
                start = nil
                let yaml = document[first..<number].joined(separator: "\n")
                guard yaml.hasPrefix("- "), number + 1 < document.count else { continue }
                let parts = sides(document[number + 1])
                examples.append(
                    Example(
                        yaml: yaml,
                        line: first + 1,
                        matching: parts.matching,
                        failing: parts.failing
                    )
                )
            }
        }
        return examples
    }()

    /// Reads what stands behind an example: names in backticks, "not" before those that fail.
    private static func sides(
        _ line: String
    ) -> (matching: [ConditionCase], failing: [ConditionCase]) {
        var matching: [String] = []
        var failing: [String] = []
        var isMatching = line.hasPrefix("Matches ")
        // A patch may have backticks of its own: code ends where a list goes on.
        for part in line.components(separatedBy: " `").dropFirst() {
            guard let end = part.range(of: "`", options: .backwards) else { continue }
            let code = String(part[..<end.lowerBound])
            if code.hasPrefix("{") {
                if isMatching {
                    matching[matching.count - 1] += " \(code)"
                } else {
                    failing[failing.count - 1] += " \(code)"
                }
            } else if isMatching {
                matching.append(code)
            } else {
                failing.append(code)
            }
            if part[end.upperBound...].hasPrefix("; not") { isMatching = false }
        }
        let make = { (text: String) in ConditionCase("\(text) | ") }
        return (matching.map(make), failing.map(make))
    }

    @Test(arguments: examples)
    func `an example matches what stands beside it, and nothing that should not`(
        example: Example
    ) throws {
        let routes = try ConditionCase.routes(example.yaml)
        #expect(routes.count == 1)
        #expect(!example.matching.isEmpty || !example.failing.isEmpty)
        // Wednesday, 18 November 2026, 12:00 UTC.
        let noon = Timestamp(rawValue: 1_795_003_200_000_000)
        for route in routes {
            for test in example.matching {
                let match = try RouteMatch(route, test.facts(at: noon))
                #expect(match.isMatch, "\(test.line): \(match)")
            }
            for test in example.failing {
                let match = try RouteMatch(route, test.facts(at: noon))
                #expect(!match.isMatch, "\(test.line)")
            }
        }
    }

    @Test
    func `every condition has an example`() {
        let keys = [
            "action", "ref", "test", "is_pull", "merged", "draft", "branch", "tag", "repository",
            "sender", "author", "milestone", "label", "title", "time", "paths", "command", "trust",
            "from_fork", "status", "conclusion", "workflow", "context", "source", "target_type",
            "head_branch", "head_repository", "assignee", "label_added", "message",
        ]
        for key in keys {
            #expect(Self.document.contains("### \(key)"))
            #expect(Self.examples.contains { $0.yaml.contains(" \(key):") }, "\(key)")
        }
        #expect(Self.examples.count >= 25)
    }
}
