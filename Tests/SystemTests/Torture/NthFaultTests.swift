import Foundation
import TestSupport
import Testing

/// The disk fails once, at the n-th call of a kind, for n = 0, 1, 2 … until runs go through unhit.
///
/// `SAMOVAR_FAULTS_MOST` sets how many are tried of each kind; in `make test` the seed chooses a few.
@Suite
struct NthFaultTests {
    private static let storeLog = "queue.db-wal"
    private static let storeFile = "queue.db"
    private static let spoolFile = "/spool"

    private static let ofStore = [
        NthFault(.sync, storeLog), NthFault(.sync, storeFile), NthFault(.write, storeLog),
        NthFault(.write, storeFile), NthFault(.write, storeLog, ENOSPC),
        NthFault(.write, storeFile, ENOSPC), NthFault(.truncate, storeLog),
        NthFault(.truncate, storeFile), NthFault(.read, storeLog), NthFault(.read, storeFile),
    ]

    private static let ofSpool = [
        NthFault(.sync, spoolFile), NthFault(.write, spoolFile),
        NthFault(.write, spoolFile, ENOSPC), NthFault(.truncate, spoolFile),
        NthFault(.read, spoolFile),
    ]

    @Test
    func `whichever call of the ingress fails, nothing that was acknowledged is lost`()
        async throws
    {
        try await TortureStep.run("n-th disk fault, ingress") { step in
            try await tryAll(Self.ofStore, SiteSettings(), step) { try IngressUnderFaults($0, $1) }
        }
    }

    @Test
    func `whichever call on the spool fails, nothing that was acknowledged is lost`()
        async throws
    {
        let settings = SiteSettings(ingress: ["spool: spool"])
        try await TortureStep.run("n-th disk fault, spool") { step in
            try await tryAll(Self.ofSpool, settings, step) { try SpoolUnderFaults($0, $1) }
        }
    }

    @Test
    func `whichever call of a worker fails, every job is done in the end`() async throws {
        let note = SiteSettings.Handler(
            name: "note",
            command: ["/usr/bin/true"],
            options: ["retry: { base: 10ms }"]
        )
        try await TortureStep.run("n-th disk fault, worker") { step in
            try await tryAll(Self.ofStore, SiteSettings(handlers: [note]), step) {
                try WorkerUnderFaults($0, $1)
            }
        }
    }

    private func tryAll(
        _ faults: [NthFault],
        _ settings: SiteSettings,
        _ step: TortureStep,
        _ make: (Site, TortureStep) throws -> any ProgramUnderFaults
    ) async throws {
        var random = SeededRandom(seed: step.seed)
        let some = Trials.isSoak ? faults : Array(faults.shuffled(using: &random).prefix(4))
        let most = Trials.count("SAMOVAR_FAULTS_MOST", usual: 1)
        for fault in some {
            var number = Trials.isSoak ? 0 : Int.random(in: 0..<10, using: &random)
            let end = number + most
            while number < end {
                try await Site.with(settings) { site in
                    let program = try make(site, step)
                    let next = min(number + Self.trialsOfASite, end)
                    number = run(fault, number..<next, program, step) ?? end
                    step.noteAcknowledged(program.promises.count)
                }
            }
        }
    }

    /// Bodies of some 40 MB.
    private static let trialsOfASite = 20

    /// How much a run does may differ by a call or two: one that is not hit may be chance.
    private static let unhitMost = 2

    /// - Returns: where to go on in another site; nil when there are no more calls.
    private func run(
        _ fault: NthFault,
        _ numbers: Range<Int>,
        _ program: any ProgramUnderFaults,
        _ step: TortureStep
    ) -> Int? {
        var unhit = 0
        for number in numbers {
            let name = "\(fault), call \(number), seed \(step.seed)"
            step.noteTrial()
            do {
                unhit = try program.wasHit(by: fault.rule(number), name) ? 0 : unhit + 1
            } catch {
                step.find("\(name): \(error)")
                // The others of this site might find the same.
                return number + 1
            }
            if unhit == Self.unhitMost { return nil }
        }
        return numbers.upperBound
    }
}

/// A call that fails.
private struct NthFault: CustomStringConvertible, Sendable {
    private let call: FaultyDisk.Call
    private let file: String
    private let error: Int32

    init(_ call: FaultyDisk.Call, _ file: String, _ error: Int32 = EIO) {
        self.call = call
        self.file = file
        self.error = error
    }

    var description: String { "\(error == EIO ? "EIO" : "ENOSPC") at \(call) of \(file)" }

    /// Hits one call, after so many.
    func rule(_ number: Int) -> FaultyDisk.Rule {
        FaultyDisk.Rule(call: call, file: file, skip: number, count: 1, effect: .error(error))
    }
}
