package import Logging

/// Tells the supervisor that the service is alive, as long as all of its parts come round.
///
/// A part that waits for a disk counts as alive: the disk is no better when the process is killed,
/// and what was not yet answered would be lost. Readiness says that the store is in trouble. So does one
/// that waits for another process.
package struct Watchdog: Sendable {
    /// A part of a service: a thread, and how to have it come round.
    package struct Part: Sendable {
        fileprivate let name: String
        fileprivate let pulse: Pulse
        fileprivate let waitsForOthers: @Sendable () -> Bool
        fileprivate let ask: @Sendable () -> Void

        /// - Parameters:
        ///   - name: for people.
        ///   - pulse: beats whenever the part comes round.
        ///   - ask: has an idle part beat; must not wait for it.
        ///   - waitsForOthers: whether it waits for another process, which a restart would as well.
        package init(
            _ name: String,
            _ pulse: Pulse,
            ask: @escaping @Sendable () -> Void = {},
            waitsForOthers: @escaping @Sendable () -> Bool = { false }
        ) {
            self.name = name
            self.pulse = pulse
            self.waitsForOthers = waitsForOthers
            self.ask = ask
        }
    }

    private let link: SupervisorLink
    private let parts: [Part]
    private let logger: Logger

    /// A watchdog over the parts of a service.
    package init(_ parts: [Part], link: SupervisorLink, logger: Logger) {
        self.parts = parts
        self.link = link
        self.logger = logger
    }

    /// Watches until cancelled; returns at once when nobody expects it.
    package func run() async {
        guard let interval = link.watchdogInterval else { return }
        var counts = parts.map(\.pulse.count)
        for part in parts { part.ask() }
        // Four looks in the time that a supervisor waits: one that comes late ends nothing.
        while (try? await Task.sleep(for: interval / 4)) != nil {  // cancelled: the service ends
            let silent = zip(parts, counts).filter { part, count in
                part.pulse.count == count && !part.pulse.waitsForDisk && !part.waitsForOthers()
            }
            if silent.isEmpty {
                link.isAlive()
            } else {
                logger.error(
                    "no sign of life: unless it comes, the watchdog ends this process",
                    metadata: ["parts": "\(silent.map(\.0.name).joined(separator: ","))"]
                )
            }
            counts = parts.map(\.pulse.count)
            for part in parts { part.ask() }
        }
    }
}
