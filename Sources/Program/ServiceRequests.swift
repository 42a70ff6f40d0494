import Foundation
import UnixSignals

/// What asks a service to stop.
package enum StopRequest: Sendable {
    /// Finish what you have.
    case gracefully
    /// Asked again: stop now.
    case now
}

/// What others ask of a service by signals: SIGTERM and SIGINT to stop, SIGHUP to read its
/// configuration again, which never ends it.
///
/// With `--follow-stdin`, the end of standard input counts as SIGTERM: `samovar up` holds the
/// other end of that pipe, so its services stop when it dies, however it dies.
package struct ServiceRequests: Sendable {
    /// At most two, then it ends.
    package let stops: AsyncStream<StopRequest>

    /// One for each SIGHUP; those that come while one is at work are one.
    package let reloads: AsyncStream<Void>

    /// Listens from now on.
    ///
    /// To be made before anything else: until then, SIGHUP ends the process.
    package init(followsStandardInput: Bool) async {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let (stops, stopping) = AsyncStream.makeStream(of: StopRequest.self)
        let (reloads, reloading) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        // Owned by the stream of stops: ended when its reader goes away.
        let listening = Task {
            var isFirst = true
            for await signal in signals {
                guard signal != .sighup else {
                    reloading.yield()
                    continue
                }
                stopping.yield(isFirst ? .gracefully : .now)
                if !isFirst { break }
                isFirst = false
            }
            stopping.finish()
            reloading.finish()
        }
        stopping.onTermination = { _ in listening.cancel() }
        self.stops = stops
        self.reloads = reloads
        if followsStandardInput {
            // A blocking read needs a thread of its own; it ends with the process.
            Thread.detachNewThread {
                while !FileHandle.standardInput.availableData.isEmpty {}
                kill(getpid(), SIGTERM)
            }
        }
    }
}
