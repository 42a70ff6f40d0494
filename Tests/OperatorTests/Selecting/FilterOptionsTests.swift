import ArgumentParser
import Program
import QueueCore
import Testing

@testable import Operator

@Suite
struct FilterOptionsTests {
    private static let now = Timestamp(rawValue: 1_795_255_205_000_000)

    @Test
    func `all options are parts of one selection`() throws {
        let words = [
            "--since", "2h", "--until", "2100-01-01T00:00:00Z", "--event", "push", "--repo",
            "tea/kettle", "--route", "r", "--handler", "h", "--state", "dead", "--reason", "exit",
        ]
        let options = try FilterOptions.parse(words)
        #expect(!options.isEmpty)
        #expect(
            options.selection(now: Self.now)
                == Selection(
                    since: Self.now + .seconds(-7_200),
                    until: Timestamp(rfc3339: "2100-01-01T00:00:00Z"),
                    eventType: "push",
                    repo: "tea/kettle",
                    route: "r",
                    handler: HandlerName(rawValue: "h"),
                    state: .dead,
                    reason: "exit"
                )
        )
    }

    @Test
    func `no option selects everything`() throws {
        let options = try FilterOptions.parse([])
        #expect(options.isEmpty)
        #expect(options.selection(now: Self.now).isEmpty)
    }

    @Test(arguments: [
        ["--since", "2hours"], ["--since", ""], ["--since", "2h", "--until", "3h"],
        ["--state", "lost"], ["--handler", ""], ["--reason", ""],
    ])
    func `a filter that makes no sense is refused`(words: [String]) {
        #expect(throws: (any Error).self) { try FilterOptions.parse(words) }
    }

    // MARK: Asking

    @Test(arguments: [
        (true, true, 412, Consent.Course.proceed), (true, false, 412, .proceed),
        (false, true, 412, .ask), (false, true, 2, .ask), (false, true, 1, .proceed),
        (false, false, 412, .refuse), (false, false, 1, .refuse),
    ])
    func `many things are asked about, and a script must say yes`(
        isAssumed: Bool,
        isOnTerminal: Bool,
        count: Int,
        course: Consent.Course
    ) {
        let consent = Consent(isAssumed: isAssumed, isOnTerminal: isOnTerminal)
        #expect(consent.course(count: count) == course)
    }

    @Test
    func `nobody who can be asked is a usage error`() {
        let consent = Consent(isAssumed: false, isOnTerminal: false)
        let failure = #expect(throws: Failure.self) { try consent.require(count: 2, "Go?") }
        #expect(failure?.status == .usage)
        #expect(failure?.hint == "Look with --dry-run, then say --yes.")
    }

    @Test(arguments: [
        ("y", true), ("Y", true), (" yes ", true), ("", false), ("n", false), ("yep", false),
    ])
    func `only yes is yes`(answer: String, isYes: Bool) {
        #expect(Consent.isYes(answer) == isYes)
    }
}
