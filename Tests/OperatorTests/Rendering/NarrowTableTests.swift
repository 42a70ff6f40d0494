import QueueCore
import Testing

@testable import Operator

/// Lists on a terminal of 80 columns.
@Suite
struct NarrowTableTests {
    private static let columns = [
        "id", "delivery", "route", "handler", "repo", "sender", "branch", "title", "state",
        "attempt", "failures", "run_at", "finished_at", "reason", "last_error",
    ]

    private static let job = Record([
        ("id", .integer(123_456)), ("delivery", .integer(123_400)), ("route", .text("implement")),
        ("handler", .text("agent")), ("repo", .text("tea/kettle")), ("sender", .text("brewer")),
        ("branch", .text("main")),
        ("title", .text("Boil the water before the leaves go in")), ("state", .text("dead")),
        ("attempt", .integer(8)), ("failures", .integer(8)), ("run_at", .null),
        ("finished_at", .time(Timestamp(rawValue: 1_767_323_045_000_000))),
        ("reason", .text("retries exhausted: exit code 64, of a program that knows no better")),
        ("last_error", .text("exit code 64")),
    ])

    private func lines(width: Int?) -> [String] {
        let time = LocalTime(now: Timestamp(rawValue: 1_767_323_045_000_000))
        return RecordRendering(time: time).table([Self.job], columns: Self.columns)
            .text(on: Terminal(width: width, hasColor: false))
            .split(separator: "\n").map(String.init)
    }

    @Test
    func `at 80 columns a list keeps reason and error, and drops what says least`() throws {
        let lines = lines(width: 80)
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
        let header = try #require(lines.first)
        for name in ["id", "route", "title", "state", "reason", "last_error"] {
            #expect(header.contains(name), "\(header)")
        }
        for name in ["failures", "attempt", "due", "finished"] {
            #expect(!header.contains(name), "\(header)")
        }
        #expect(lines[1].contains("exit code 64"), "\(lines)")
        #expect(lines[1].contains("retries exhausted") || lines[1].contains("retries exhau…"))
    }

    @Test
    func `a wide terminal and a pipe are shown every column`() {
        for width in [400, nil] {
            let lines = lines(width: width)
            #expect(lines.first?.split(separator: " ").count == Self.columns.count)
            #expect(lines.last?.contains("knows no better  exit code 64") == true, "\(lines)")
        }
    }

    @Test
    func `what a short text does not need is for the long one`() {
        let table = Table(
            header: ["id", "reason", "error"],
            rows: [[Cell(1), Cell(String(repeating: "r", count: 50)), Cell("short")]]
        )
        let lines = table.text(on: Terminal(width: 40, hasColor: false)).split(separator: "\n")
        #expect(lines.last == " 1  \(String(repeating: "r", count: 28))…  short")
    }
}
