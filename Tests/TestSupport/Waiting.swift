import Foundation

/// How long a test waits for what must happen: far longer than it takes on a loaded machine, since
/// only a broken program ever uses it up.
package let patience = Duration.seconds(120)

/// Something that a test waited for did not happen.
package struct WaitedInVain: Error, CustomStringConvertible {
    package var description: String

    package init(for what: String, within time: Duration) {
        description = "waited \(time) in vain for \(what)"
    }
}

/// Looks until there is something to see.
///
/// The calling thread blocks.
///
/// - Parameters:
///   - what: what is waited for, for people.
///   - time: how long to wait at most.
///   - look: returns nil while it is not there yet.
/// - Returns: what `look` found.
/// - Throws: ``WaitedInVain`` when it did not come, or what `look` throws.
@discardableResult
package func waitFor<Value>(
    _ what: @autoclosure () -> String,
    within time: Duration = patience,
    _ look: () throws -> Value?
) throws -> Value {
    let deadline = ContinuousClock.now + time
    while true {
        if let value = try look() { return value }
        guard ContinuousClock.now < deadline else {
            throw WaitedInVain(for: what(), within: time)
        }
        usleep(2_000)  // between two looks, not instead of one
    }
}

/// Looks until a condition holds.
///
/// The calling thread blocks.
package func waitUntil(
    _ what: @autoclosure () -> String,
    within time: Duration = patience,
    until holds: () throws -> Bool
) throws {
    try waitFor(what(), within: time) { try holds() ? true : nil }
}
