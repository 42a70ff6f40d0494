import Foundation
import Testing

@testable import QueueCore
@testable import Routing
@testable import Settings

/// The repository, the time, and conditions put together.
@Suite
struct OtherConditionTests {
    static let repositories = ConditionCase.table(
        #"""
        push-branch | repository: labadmin/lab
        push-branch | repository: LabAdmin/LAB
        push-branch | repository: "labadmin/*"
        push-branch | repository: "*/lab"
        push-branch | repository: "*/*b"
        push-branch | repository: [x/y, 1]
        push-branch | repository: 2 | repository is labadmin/lab (1), not id 2
        push-branch | repository: other/lab | repository is labadmin/lab (1), not other/lab
        push-branch | repository: { not: "labadmin/secret*" }
        push-branch | repository: { not: "LABADMIN/*" } | repository is labadmin/lab (1), and must not be LABADMIN/*
        push-branch | repository: { name: "labadmin/*", archived: false }
        push-branch | repository: { name: ["a/*", "labadmin/*"], id: [1, 2] }
        push-branch | repository: { id: 2 } | repository is labadmin/lab (1), not id 2
        push-branch | repository: { archived: true } | archived is false, not true
        push-branch | repository: { private: false, not: "x/*" }
        push-branch {"repository":{"archived":true}} | repository: { archived: true }
        push-branch {"repository":{"private":true}} | repository: { private: false } | private is true, not false
        push-branch {"repository":{"mirror":true}} | repository: { mirror: false } | mirror is true, not false
        push-branch {"repository":{"archived":"gone"}} | repository: { archived: false } | the event has no archived
        push-branch {"repository":{"full_name":null}} | repository: { not: "x/*" } | the event has no repository
        push-branch {"repository":{"full_name":null}} | repository: 1
        push-branch {"repository":null} | repository: { not: 2 } | the event has no repository
        fork | repository: bob/lab-fork
        fork | repository: { fork: true }
        repository-created | repository: labadmin/other
        repository-created | repository: { fork: false, private: false, archived: false }
        repository-deleted | repository: "labadmin/**"
        wiki-edited | repository: "**"
        release-updated | repository: "labadmin/*"
        """#
    )

    static let several = ConditionCase.table(
        #"""
        push-branch | branch: pr1, repository: 1, sender: 1
        push-branch | branch: pr1, repository: 2 | repository is labadmin/lab (1), not id 2
        push-branch | any: [{ branch: main }, { repository: 1 }]
        push-branch | any: [{ branch: main }, { repository: 2 }] | branch is pr1, not main; repository is labadmin/lab (1), not id 2
        push-branch | any: [{ title: x }, { branch: pr1 }]
        push-branch | any: [{ title: x }, { label: y }] | the event has no title; the event has no label
        push-branch | all: [{ branch: "pr*" }, { not: { branch: main } }]
        push-branch | not: { branch: main }
        push-branch | not: { branch: pr1 } | branch is pr1, and must not be pr1
        push-branch | not: { branch: pr1, repository: 1 } | branch is pr1, and must not be pr1; repository is labadmin/lab (1), and must not be id 1
        push-branch | not: { branch: main, repository: 1 }
        push-branch | not: [{ branch: main }, { repository: 2 }]
        push-branch | not: [{ branch: main }, { repository: 1 }] | repository is labadmin/lab (1), and must not be id 1
        push-branch | not: { not: { branch: pr1 } }
        push-branch | not: { not: { title: x } } | the event has no title
        push-branch | not: { any: [{ title: x }, { branch: main }] } | the event has no title
        push-branch | not: { all: [{ title: x }, { branch: main }] }
        push-branch | not: { all: [{ title: x }, { branch: pr1 }] } | the event has no title; branch is pr1, and must not be pr1
        push-branch | any: [{ all: [{ branch: pr1 }, { test: true }] }, { all: [{ branch: pr1 }, { test: false }] }]
        issues-opened | action: opened, any: [{ label: bug }, { title: { prefix: Issue } }]
        issues-opened | action: opened, not: { label: wip }
        issues-closed | action: opened, title: { prefix: x } | action is closed, not opened
        """#
    )

    @Test(arguments: repositories + several)
    func `a condition holds, or says on which value it failed`(_ test: ConditionCase) throws {
        #expect(try test.result() == test.reason)
    }

    /// A moment in UTC, the condition, and why it fails.
    static let times: [(String, String, String)] = [
        ("2026-11-18T08:00:00Z", #"from: "08:00", to: "18:00""#, ""),
        ("2026-11-18T07:59:59Z", #"from: "08:00", to: "18:00""#, "wed 07:59"),
        ("2026-11-18T17:59:59Z", #"from: "08:00", to: "18:00""#, ""),
        ("2026-11-18T18:00:00Z", #"from: "08:00", to: "18:00""#, "wed 18:00"),
        ("2026-11-18T23:30:00Z", #"from: "22:00", to: "06:00""#, ""),
        ("2026-11-18T05:30:00Z", #"from: "22:00", to: "06:00""#, ""),
        ("2026-11-18T12:00:00Z", #"from: "22:00", to: "06:00""#, "wed 12:00"),
        ("2026-11-18T12:00:00Z", "days: [mon, tue, wed]", ""),
        ("2026-11-19T12:00:00Z", "days: [mon, tue, wed]", "thu 12:00"),
        // The night of Friday ends on Saturday.
        ("2026-11-21T05:00:00Z", #"from: "22:00", to: "06:00", days: fri"#, ""),
        ("2026-11-20T05:00:00Z", #"from: "22:00", to: "06:00", days: fri"#, "fri 05:00"),
        ("2026-11-22T01:00:00Z", #"from: "22:00", to: "06:00", days: sun"#, "sun 01:00"),
        // Berlin is an hour ahead in winter, two in summer.
        ("2026-11-18T07:30:00Z", #"from: "08:00", to: "18:00", zone: Europe/Berlin"#, ""),
        ("2026-07-15T06:30:00Z", #"from: "08:00", to: "18:00", zone: Europe/Berlin"#, ""),
        ("2026-11-18T06:30:00Z", #"from: "08:00", to: "18:00", zone: Europe/Berlin"#, "wed 07:30"),
        ("2026-11-18T23:30:00Z", "days: thu, zone: Europe/Berlin", ""),
        ("2026-11-18T23:30:00Z", "days: wed, zone: America/New_York", ""),
        ("1969-12-31T23:59:59Z", "days: wed", ""),
        ("1970-01-01T00:00:00Z", "days: thu", ""),
    ]

    @Test(arguments: times)
    func `the time is that of the delivery, in the zone that is named`(
        moment: String,
        window: String,
        found: String
    ) throws {
        let date = try Date(moment, strategy: .iso8601)
        let micros = Timestamp(rawValue: Int64(date.timeIntervalSince1970 * 1_000_000))
        let route = try ConditionCase.route(
            "{ name: r, on: push, when: { time: { \(window) } }, run: h }"
        )
        let facts = try ConditionCase("push-branch | x").facts(at: micros)
        let opposite = RouteSettings(name: "r", events: .any, when: .not(route.when), run: "h")
        switch try RouteMatch(route, facts) {
        case .matches(let assumption, _):
            #expect(found.isEmpty && assumption == nil)
            #expect(try !RouteMatch(opposite, facts).isMatch)
        case .fails(let reason):
            #expect(reason.hasPrefix("time is \(found), not "))
            #expect(try RouteMatch(opposite, facts) == .matches())
        }
    }

    @Test
    func `a member of the wrong type disturbs only who reads it`() throws {
        let test = ConditionCase(#"issues-opened {"issue":{"title":7}} | title: x"#)
        #expect(throws: (any Error).self) { try test.result() }
        let other = ConditionCase(
            #"issues-opened {"issue":{"title":7}} | action: closed, title: x"#
        )
        #expect(try other.result() == "action is opened, not closed")
    }
}
