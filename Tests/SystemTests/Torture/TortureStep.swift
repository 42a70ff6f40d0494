import Foundation
import Synchronization
import TestSupport
import Testing

/// One step of `make torture`: its seed, how much it tried, and what it found.
///
/// `SAMOVAR_SEED` runs it again with the same decisions. `SAMOVAR_TORTURE_TABLE` names a file that
/// gets its line of the table.
final class TortureStep: Sendable {
    private struct Tally {
        var trials = 0
        var acknowledged = 0
        var lost = 0
        var findings: [String] = []
    }

    let seed: UInt64
    private let name: String
    private let start = ContinuousClock.now
    private let tally = Mutex(Tally())

    private init(_ name: String) {
        self.name = name
        seed = Trials.seed("SAMOVAR_SEED")
        print("torture: \(name), SAMOVAR_SEED=\(seed)")
    }

    /// Runs a step, and fails the test when it found something.
    ///
    /// - Parameters:
    ///   - name: as the table has it.
    ///   - body: reports to the step what it does.
    /// - Throws: what `body` throws, which is in the table as well.
    static func run(_ name: String, _ body: (TortureStep) async throws -> Void) async throws {
        let step = TortureStep(name)
        do {
            try await body(step)
        } catch {
            step.find("it broke off: \(error)")
            try step.end()
            throw error
        }
        try step.end()
        let (lost, findings) = step.tally.withLock { ($0.lost, $0.findings) }
        #expect(
            lost == 0 && findings.isEmpty,
            "SAMOVAR_SEED=\(step.seed), \(lost) lost:\n\(findings.joined(separator: "\n"))"
        )
    }

    // MARK: Reports

    func noteTrial() {
        tally.withLock { $0.trials += 1 }
    }

    func noteAcknowledged(_ count: Int) {
        tally.withLock { $0.acknowledged += count }
    }

    /// Acknowledged deliveries that are not there.
    func noteLost(_ ids: some Collection<String>, _ trial: String) {
        guard !ids.isEmpty else { return }
        tally.withLock { $0.lost += ids.count }
        find("lost \(ids.sorted().joined(separator: ", ")): \(trial)")
    }

    /// Anything else that must not be.
    func find(_ finding: String) {
        print("torture: \(name): \(finding)")
        tally.withLock { $0.findings.append(finding) }
    }

    // MARK: The table

    private func end() throws {
        let sum = tally.withLock(\.self)
        let seconds = (ContinuousClock.now - start).components.seconds
        let numbers = [sum.trials, sum.acknowledged, sum.lost, sum.findings.count]
        let row =
            ([name] + numbers.map(String.init) + ["\(seconds)", "\(seed)"])
            .joined(separator: "\t")
        print("torture: \(row)")
        guard let path = ProcessInfo.processInfo.environment["SAMOVAR_TORTURE_TABLE"] else {
            return
        }
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        try #require(descriptor >= 0, "\(path) cannot be written: \(errno)")
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data((row + "\n").utf8))
    }
}
