package import Logging
import Synchronization

/// A logger that keeps what it is told: level, message, then details by name.
package final class LogLines: Sendable {
    private let kept = Mutex<[String]>([])

    package init() {}

    package var lines: [String] { kept.withLock(\.self) }

    package var logger: Logger { Logger(label: "test") { _ in Handler(target: self) } }

    fileprivate func append(_ line: String) {
        kept.withLock { $0.append(line) }
    }

    private struct Handler: LogHandler {
        let target: LogLines
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let details = (event.metadata ?? [:]).sorted { $0.key < $1.key }
            let words =
                ["\(event.level)", event.message.description]
                + details.map { "\($0.key)=\($0.value)" }
            target.append(words.joined(separator: " "))
        }
    }
}
