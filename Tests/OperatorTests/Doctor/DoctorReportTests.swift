import Foundation
import QueueCore
import Testing

@testable import Operator

@Suite
struct DoctorReportTests {
    private static let report = DoctorReport(
        store: "/s/queue.db",
        diagnoses: [
            Diagnosis(.log, "log", .note, "9 MiB", hint: "look"),
            Diagnosis(.file, "integrity_check", .ok, "fine", hint: "not shown"),
            Diagnosis(.log, "write_lock", .warning, "held\u{1B}[2J", hint: "end it"),
            Diagnosis(.work, "leases", .failure, "bad"),
        ]
    )

    @Test
    func `people read a line for each check, hints beneath, and the sum last`() {
        #expect(
            Self.report.text(on: .none) == """
                /s/queue.db

                the file
                  ok       integrity_check  fine

                the log
                  note     log              9 MiB
                                            -> look
                  warning  write_lock       held\\u{1b}[2J
                                            -> end it

                the work
                  failure  leases           bad

                4 checks: 1 failure, 1 warning, 1 note

                """
        )
        #expect(Self.report.hasFindings)
    }

    @Test
    func `a store without findings is well, notes or not`() {
        var report = Self.report
        report.diagnoses = Array(report.diagnoses.prefix(2))
        #expect(!report.hasFindings)
        #expect(report.text(on: .none).hasSuffix("2 checks: 1 note\n"))
        report.diagnoses.removeFirst()
        #expect(report.text(on: .none).hasSuffix("1 check: all is well\n"))
    }

    @Test
    func `levels have colours on a terminal`() {
        let text = Self.report.text(on: Terminal(width: 80, hasColor: true))
        #expect(text.contains("\u{1B}[32mok     \u{1B}[0m"))
        #expect(text.contains("\u{1B}[31mfailure\u{1B}[0m"))
    }

    @Test
    func `programs read one object`() throws {
        let text = JSONOutput.object(Self.report.json)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        #expect(object?["failures"] as? Int == 1)
        #expect(object?["warnings"] as? Int == 1)
        let checks = try #require(object?["checks"] as? [[String: Any]])
        #expect(checks.map { $0["check"] as? String }.count == 4)
        #expect(checks[2]["level"] as? String == "warning")
        #expect(checks[3]["hint"] is NSNull)
    }
}
