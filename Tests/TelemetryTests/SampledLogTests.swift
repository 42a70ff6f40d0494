import Logging
import Synchronization
import Testing

@testable import Telemetry

/// Keeps what is logged.
private final class Lines: Sendable {
    let kept = Mutex<[(message: String, metadata: Logger.Metadata)]>([])

    var logger: Logger { Logger(label: "test") { _ in KeepingHandler(lines: self) } }
}

private struct KeepingHandler: LogHandler {
    let lines: Lines
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    init(lines: Lines) {
        self.lines = lines
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.kept.withLock { $0.append((event.message.description, event.metadata ?? [:])) }
    }
}

@Suite
final class SampledLogTests: Sendable {
    private let lines = Lines()
    private let clock = Mutex(ContinuousClock.now)

    private func sampled(_ count: Int, every window: Duration) -> SampledLog {
        let start = ContinuousClock.now
        clock.withLock { $0 = start }
        return SampledLog(lines.logger, lines: count, every: window) { [self] in
            clock.withLock(\.self)
        }
    }

    private func advance(_ time: Duration) {
        clock.withLock { $0 += time }
    }

    private var counts: [String?] {
        lines.kept.withLock { $0.map { $0.metadata["n"]?.description } }
    }

    @Test
    func `a flood is a line at its begin, and one for each window with how often it happened`() {
        let log = sampled(1, every: .seconds(10))
        for _ in 0..<1000 { log.log(.warning, "leak", as: "n") { ["a": "b"] } }
        #expect(counts == ["1"])
        advance(.seconds(10))
        log.log(.warning, "leak", counting: 5, as: "n") { [:] }
        log.log(.warning, "leak", as: "n") { [:] }
        #expect(counts == ["1", "1004"])
    }

    @Test
    func `up to the limit each has its line, and none says that it stands for itself alone`() {
        let log = sampled(3, every: .seconds(1))
        for _ in 0..<5 { log.log(.info, "drop", as: "n") { [:] } }
        #expect(counts == [nil, nil, nil])
        advance(.seconds(1))
        log.log(.info, "drop", as: "n") { [:] }
        log.log(.info, "drop", as: "n") { [:] }
        #expect(counts == [nil, nil, nil, "3", nil])
    }

    @Test
    func `below the logger's level nothing is made`() {
        let log = sampled(1, every: .seconds(1))
        log.log(.debug, "drop") {
            Issue.record("the metadata was made")
            return [:]
        }
        #expect(counts.isEmpty)
    }
}
