import Foundation
import Testing

@testable import Program

@Suite
struct ProgramArgumentsTests {
    @Test
    func `arguments that the runtime lost are the kernel's`() {
        let text = Data("/usr/bin/samovar\0jobs\0\0--json\0grün\0".utf8)
        #expect(
            ProgramArguments.read(known: [], kernel: { text })
                == ["/usr/bin/samovar", "jobs", "", "--json", "grün"]
        )
    }

    @Test
    func `arguments that are known are not asked for`() {
        let words = ["samovar", "status"]
        #expect(ProgramArguments.read(known: words, kernel: { Data("x\0".utf8) }) == words)
    }

    @Test
    func `where the kernel tells nothing either there are none`() {
        #expect(ProgramArguments.read(known: [], kernel: { nil }).isEmpty)
        #expect(ProgramArguments.read(known: [], kernel: { Data() }).isEmpty)
    }

    @Test
    func `the kernel knows the same as the runtime`() throws {
        let text = try #require(FileManager.default.contents(atPath: "/proc/self/cmdline"))
        #expect(ProgramArguments.read(known: [], kernel: { text }) == CommandLine.arguments)
        #expect(ProgramArguments.all == CommandLine.arguments)
    }
}
