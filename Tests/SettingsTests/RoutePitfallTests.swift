import Testing

@testable import Settings

/// What is right in a condition and hardly meant.
@Suite
struct RoutePitfallTests {
    @Test(
        arguments: [
            ("on: push, when: { branch: '^release-[0-9]' }", "^"),
            ("on: push, when: { branch: 'release$' }", "$"),
            ("on: push, when: { branch: { not: 'feature/.*' } }", ".*"),
            ("on: push, when: { any: [{ branch: main }, { branch: ['(a|b)'] }] }", "|"),
            ("on: push, when: { repository: 'tea/.*' }", ".*"),
            ("on: push, when: { paths: '^docs/a' }", "^"),
        ]
    )
    func `a regular expression where a pattern stands draws a warning`(
        line: String,
        sign: String
    ) throws {
        // Some are mistakes as patterns, too: what is looked at is what is warned of.
        let found = try warningsOrMistakes(line)
        #expect(found.contains { $0.contains("in which '\(sign)' stands for itself") }, "\(found)")
    }

    @Test(
        arguments: [
            "on: push, when: { branch: 'release/*' }", "on: push, when: { tag: 'v1.*' }",
            "on: push, when: { paths: ['**/.*', '*.{md,txt}', 'a/.github/**'] }",
            "on: issues, when: { title: { matches: '^\\[WIP\\].*$' } }",
            "on: issues, when: { title: { prefix: ['[WIP]', '[DRAFT]'] } }",
            "on: issues, when: { title: '[IMPLEMENT]' }",
            "on: push, when: { branch: [main] }",
            "on: issues, when: { label: [bug] }",
        ]
    )
    func `what is meant so draws none`(line: String) throws {
        #expect(try warnings(route: line) == [])
    }

    @Test(arguments: ["title: [IMPLEMENT]", "title: { prefix: [IMPLEMENT] }"])
    func `a text in brackets that YAML takes for a list draws a warning`(condition: String) throws {
        let found = try warnings(route: "on: issues, when: { \(condition) }")
        #expect(found.count == 1)
        #expect(
            found.first?.hasSuffix(
                "is a list with the one text 'IMPLEMENT': brackets that belong to a text need quotes "
                    + "around them, \"[IMPLEMENT]\"; for the text alone leave them out"
            ) == true,
            "\(found)"
        )
    }

    /// All that a reading found, also where mistakes keep the file from being used.
    private func warningsOrMistakes(_ line: String) throws -> [String] {
        let node = try Document.compose("routes: [{ \(line) }]", file: "f")
        let reading = Reading(file: "f", folder: "/", secrets: .skip)
        let top = Setting(node: node, path: "", reading: reading).section(Keys(["routes"]))
        RoutePitfalls.warn(try #require(top?["routes"]))
        return reading.warnings.map(\.message)
    }
}
