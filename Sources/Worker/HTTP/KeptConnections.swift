import Synchronization

/// To whom the client may still have a connection of an earlier request.
///
/// The client does not say which connection it takes. That one is kept is known from the answer
/// that came on it a moment ago.
final class KeptConnections: Sendable {
    private let answers = Mutex<[String: ContinuousClock.Instant]>([:])

    /// An idle one is closed after 4 s, and a busy machine may be late.
    private static let keptLongest = Duration.seconds(6)

    /// A response came from there.
    func note(_ authority: String) {
        answers.withLock { $0[authority] = .now }
    }

    func mayHaveOne(to authority: String) -> Bool {
        guard let last = answers.withLock({ $0[authority] }) else { return false }
        return last.duration(to: .now) < Self.keptLongest
    }
}
