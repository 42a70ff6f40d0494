import Testing

@testable import Spawn

/// Whose end PID 1 may take, and whose it must leave to who waits for it.
@Suite
struct ChildLedgerTests {
    @Test
    func `an orphan is known at the second look`() {
        var ledger = ChildLedger()
        #expect(ledger.orphans(among: [7]) == [])
        #expect(ledger.orphans(among: [7, 8]) == [7])
        #expect(ledger.orphans(among: [8]) == [8])
    }

    @Test
    func `a child that was started here is left to its starter`() {
        var ledger = ChildLedger()
        let start = ledger.startBegins()
        ledger.add(7)
        ledger.startEnds(start)
        for _ in 1...3 { #expect(ledger.orphans(among: [7]) == []) }
        // The number is free again, and an orphan gets it.
        ledger.remove(7)
        #expect(ledger.orphans(among: [7]) == [])
        #expect(ledger.orphans(among: [7]) == [7])
    }

    @Test
    func `a child that ends before its starter knows its pid is left to its starter`() {
        var ledger = ChildLedger()
        let start = ledger.startBegins()
        for _ in 1...3 { #expect(ledger.orphans(among: [7]) == []) }
        ledger.add(7)
        ledger.startEnds(start)
        for _ in 1...3 { #expect(ledger.orphans(among: [7]) == []) }
    }

    @Test
    func `starts without end do not keep orphans for ever`() {
        var ledger = ChildLedger()
        let first = ledger.startBegins()
        #expect(ledger.orphans(among: [7]) == [])
        let second = ledger.startBegins()
        ledger.startEnds(first)
        // Only the first one could have made it.
        #expect(ledger.orphans(among: [7]) == [7])
        ledger.startEnds(second)
    }
}
