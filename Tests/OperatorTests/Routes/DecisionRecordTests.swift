import Testing

@testable import Operator

@Suite
struct DecisionRecordTests {
    private static func record(_ routes: String, jobs: String? = nil) throws -> DecisionRecord {
        let jobs = jobs.map { #","jobs":[\#($0)]"# } ?? ""
        return try #require(
            DecisionRecord(json: #"{"event_type":"push","routes":[\#(routes)]\#(jobs)}"#)
        )
    }

    private static let ran = #"{"route":"a","matched":true}"#
    private static let shadow = #"{"route":"a","matched":true,"mode":"shadow"}"#
    private static let failed = #"{"route":"a","matched":false,"because":"tag is v1"}"#
    private static let held =
        #"{"route":"a","matched":false,"gate":"bots","because":"gate bots: sender 7"}"#
    private static let job =
        #"{"route":"a","handler":"h","lane":null,"trust":"admitted","trust_needed":null,"mode":"run"}"#
    private static let otherJob =
        #"{"route":"a","handler":"g","lane":"x","trust":"asked","trust_needed":"owner","mode":"run"}"#

    @Test
    func `a route says job, shadow, gate or no, and nothing when it was not asked`() throws {
        #expect(try Self.record(Self.ran).word(of: "a") == "job")
        #expect(try Self.record(Self.shadow).word(of: "a") == "shadow")
        #expect(try Self.record(Self.held).word(of: "a") == "gate")
        #expect(try Self.record(Self.failed).word(of: "a") == "no")
        #expect(try Self.record(Self.failed).word(of: "b") == nil)
        #expect(try Self.record(Self.failed).because("a") == "tag is v1")
    }

    @Test(
        arguments: [
            (ran, ran, []),
            (failed, held, []),
            (failed, "", []),
            ("", ran, ["a newly runs"]),
            (failed, ran, ["a newly runs"]),
            (held, ran, ["a newly runs"]),
            (shadow, ran, ["a newly runs"]),
            (ran, failed, ["a no longer runs"]),
            (ran, "", ["a no longer runs"]),
            (ran, shadow, ["a only says that it would run"]),
            (failed, shadow, ["a newly says that it would run"]),
            (shadow, failed, ["a no longer says that it would run"]),
        ]
    )
    func `what has other consequences differs`(
        then: String,
        now: String,
        differences: [String]
    ) throws {
        let comparison = DecisionComparison(
            then: try Self.record(then),
            now: try Self.record(now)
        )
        #expect(comparison.differences == differences)
    }

    @Test
    func `the same route with another job runs otherwise`() throws {
        let then = try Self.record(Self.ran, jobs: Self.job)
        let now = try Self.record(Self.ran, jobs: Self.otherJob)
        #expect(DecisionComparison(then: then, now: then).differences == [])
        #expect(DecisionComparison(then: then, now: now).differences == ["a runs otherwise"])
        // A record of before jobs were in it.
        let old = try Self.record(Self.ran)
        #expect(DecisionComparison(then: old, now: now).differences == [])
    }

    @Test
    func `what differs is marked, and what is gone still has its reason`() throws {
        let then = try Self.record(
            Self.failed + #",{"route":"old","matched":true}"#,
            jobs: #"{"route":"old","handler":"h"}"#
        )
        let now = try Self.record(Self.ran, jobs: Self.job)
        #expect(
            DecisionText(now: now, then: then).text(on: .none) == """

                routes
                route  recorded  now           because
                a      no        job  differs  -
                old    job       -    differs  -

                jobs
                route  handler  lane  trust     mode  decided
                a      h        -     admitted  run   now
                old    h        -     -         -     recorded

                """
        )
    }

    private static func repeating(_ then: String) throws -> DecisionRecord {
        try #require(
            DecisionRecord(
                json: #"{"routes":[\#(ran)],"jobs":[\#(job)],"repeat":{"of":31,"routes":["#
                    + #"{"route":"a","job":33,"then":"\#(then)"}]}}"#
            )
        )
    }

    @Test
    func `of a repeat it says what was done with the earlier job, and shows no job`() throws {
        let then = try Self.repeating("left alone")
        let now = try Self.record(Self.ran, jobs: Self.job)
        #expect(DecisionComparison(then: then, now: now).differences == [])
        #expect(
            DecisionText(now: now, then: then).text(on: .none) == """

                routes
                route  recorded  now    because
                a      repeat    job    -

                jobs
                route  handler  lane  trust     mode  decided
                a      h        -     admitted  run   recorded as a repeat: job 33, left alone

                repeat of delivery 31
                route  earlier job  what was done
                a               33  left alone

                """
        )
    }

    @Test(arguments: ["new", "rerun"])
    func `what a repeat runs again is a job`(then: String) throws {
        let record = try Self.repeating(then)
        #expect(record.outcome(of: "a") == "job")
        let text = DecisionText(now: record, then: record).text(on: .none)
        #expect(text.contains("recorded and now\n"), "\(text)")
    }

    @Test
    func `only of what Gitea decides it is said that Gitea is asked`() throws {
        let owner =
            #"{"route":"b","handler":"h","trust":"admitted","trust_needed":"owner","mode":"run"}"#
        let record = try Self.record(Self.ran, jobs: [Self.otherJob, owner].joined(separator: ","))
        let text = DecisionText(now: record, then: nil).text(on: .none)
        #expect(text.contains("asked at the start: owner  run"), "\(text)")
        #expect(text.contains("admitted, as owner         run"), "\(text)")
    }

    @Test
    func `a record that is no decision is none`() {
        #expect(DecisionRecord(json: "[]") == nil)
        #expect(DecisionRecord(json: "{") == nil)
        #expect(DecisionRecord(json: "{}")?.routeNames == [])
    }
}
