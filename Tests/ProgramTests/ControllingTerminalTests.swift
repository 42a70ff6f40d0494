import Synchronization
import Testing

@testable import Program

/// When SIGHUP means that nobody is there any more.
@Suite
struct ControllingTerminalTests {
    @Test(
        arguments: [
            ("Name:\tsamovar\nSigIgn:\t0000000000000001\nSigCgt:\t0000000000000000\n", true),
            ("SigIgn:\t0000000000001003\n", true), ("SigIgn:\t0000000000001000\n", false),
            ("SigBlk:\t0000000000000001\nSigIgn:\t0000000000000000\n", false), ("", false),
        ]
    )
    func `what nohup did is seen in the mask of ignored signals`(status: String, isIgnored: Bool) {
        #expect(ControllingTerminal.ignoresHangUp(status) == isIgnored)
    }

    @Test
    func `a terminal that goes a moment after the signal is lost, one that stays is not`() async {
        let looks = Atomic(0)
        let leaving = ControllingTerminal {
            looks.wrappingAdd(1, ordering: .relaxed).newValue < 3
        }
        #expect(await leaving.isLost())
        #expect(looks.load(ordering: .relaxed) == 3)
        let staying = ControllingTerminal { true }
        #expect(await !staying.isLost())
    }
}
