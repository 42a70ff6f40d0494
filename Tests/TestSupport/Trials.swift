import Foundation

/// How much of a random test is run, and with which seed: little in `make test`, much in `make soak`.
package enum Trials {
    /// A number that the environment may raise: `SAMOVAR_KILLS=1000`.
    ///
    /// - Parameters:
    ///   - name: the environment variable.
    ///   - usual: what counts without it.
    /// - Returns: at least 1.
    package static func count(_ name: String, usual: Int) -> Int {
        guard let text = ProcessInfo.processInfo.environment[name] else { return usual }
        guard let count = Int(text), count > 0 else {
            preconditionFailure("\(name) is '\(text)', and must be a whole number above 0")
        }
        return count
    }

    /// A seed: that of the environment, to see a failure again, or a new one each time.
    ///
    /// - Parameter name: the environment variable.
    /// - Returns: the seed, which a test prints and names in its failures.
    package static func seed(_ name: String) -> UInt64 {
        guard let text = ProcessInfo.processInfo.environment[name] else {
            return UInt64.random(in: 1...999_999_999)
        }
        guard let seed = UInt64(text) else {
            preconditionFailure("\(name) is '\(text)', and must be a whole number")
        }
        return seed
    }

    /// Lets a random time pass, for a kill at any moment rather than behind an event.
    ///
    /// Nothing is waited for: whatever has happened by then, the test must hold.
    package static func passTime(upTo longest: Duration, _ random: inout SeededRandom) {
        let microseconds =
            longest.components.seconds * 1_000_000
            + longest.components.attoseconds / 1_000_000_000_000
        usleep(UInt32.random(in: 0...UInt32(microseconds), using: &random))
    }

    /// Whether this is `make soak`, which takes its time.
    package static let isSoak = ProcessInfo.processInfo.environment["SAMOVAR_SOAK"] != nil
}
