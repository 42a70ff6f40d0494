import Testing

@testable import QueueCore

@Suite
struct ProcessNameTests {
    @Test(arguments: ["sqlite3", "a (b) c", ")"])
    func `a process is known by its name and how long it runs`(name: String) throws {
        let fields = ["S"] + Array(repeating: "0", count: 18) + ["5000", "0"]
        let process = try #require(
            ProcessName(
                pid: 7,
                stat: "7 (\(name)) \(fields.joined(separator: " "))\n",
                uptime: "110.50 200.00\n",
                ticksPerSecond: 100
            )
        )
        #expect(process.program == name)
        #expect(process.age == .milliseconds(60_500))
        #expect(process.text == "\(name) (pid 7)")
    }

    @Test
    func `what proc does not tell is left out`() throws {
        let process = ProcessName(pid: 7, stat: "7 (x) S", uptime: "", ticksPerSecond: 100)
        #expect(process?.text == "x (pid 7)")
        let stopped = ProcessName(pid: 7, stat: "7 (x) T 1", uptime: "", ticksPerSecond: 100)
        #expect(stopped?.text == "x (pid 7, stopped)")
        #expect(ProcessName(pid: 7, stat: "", uptime: "", ticksPerSecond: 100) == nil)
    }
}
