import Foundation
import UnixSignals

/// What asks a service to stop.
package enum StopRequest: Sendable {
    /// Finish what you have.
    case gracefully
    /// Asked again: stop now.
    case now
}

/// Listens for SIGTERM and SIGINT; SIGHUP never ends a service.
///
/// With `--follow-stdin`, the end of standard input counts as SIGTERM: `samovar up` holds the
/// other end of that pipe, so its services stop when it dies, however it dies.
package struct StopRequests: Sendable {
    private let signals: UnixSignalsSequence
    private let followsStandardInput: Bool

    package init(followsStandardInput: Bool) async {
        signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        self.followsStandardInput = followsStandardInput
    }

    /// Yields at most two requests, then ends.
    package func stream() -> AsyncStream<StopRequest> {
        let (stream, continuation) = AsyncStream.makeStream(of: StopRequest.self)
        // Owned by the stream: ended when its reader goes away.
        let listening = Task {
            var isFirst = true
            for await signal in signals where signal != .sighup {
                continuation.yield(isFirst ? .gracefully : .now)
                if !isFirst { break }
                isFirst = false
            }
            continuation.finish()
        }
        if followsStandardInput {
            // A blocking read needs a thread of its own; it ends with the process.
            Thread.detachNewThread {
                while !FileHandle.standardInput.availableData.isEmpty {}
                kill(getpid(), SIGTERM)
            }
        }
        continuation.onTermination = { _ in listening.cancel() }
        return stream
    }
}
