import Foundation
import Logging
import Synchronization
import UnixSignals

/// What asks a service to stop.
package enum StopRequest: Sendable {
    /// Finish what you have.
    case gracefully
    /// Asked again: stop now.
    case now
}

/// What others ask of a service by signals: SIGTERM and SIGINT to stop, SIGHUP to read its
/// configuration again; or to stop, when it comes because the terminal is gone on which the service
/// was started.
///
/// With `--follow-stdin`, the end of standard input counts as SIGTERM: `samovar up` holds the
/// other end of that pipe, so its services stop when it dies, however it dies.
package struct ServiceRequests: Sendable {
    /// At most two, then it ends.
    package let stops: AsyncStream<StopRequest>

    /// One for each SIGHUP that asks for it; those that come while one is at work are one.
    package let reloads: AsyncStream<Void>

    private let start: Start

    /// Whether stop requests have a reader yet.
    private final class Start: Sendable {
        let isOver: Mutex<Bool>

        init(isOver: Bool) {
            self.isOver = Mutex(isOver)
        }
    }

    /// Listens from now on.
    ///
    /// To be made before anything else: until then, SIGHUP ends the process.
    ///
    /// - Parameters:
    ///   - followsStandardInput: whether its end counts as SIGTERM.
    ///   - endsStart: whether a request to stop that comes before ``serves()`` ends the process, as
    ///     nothing was promised yet: opening a store may take long.
    package init(followsStandardInput: Bool, endsStart: Bool = false) async {
        let start = Start(isOver: !endsStart)
        self.start = start
        // Before SIGHUP is trapped, which hides whether it was ignored.
        let terminal = ControllingTerminal.own()
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
                if signal == .sighup {
                    guard isFirst, let terminal, await terminal.isLost() else {
                        reloading.yield()
                        continue
                    }
                    // What the log goes to may be gone with it.
                    Logger(label: "samovar.program").info("the terminal is gone: stopping")
                }
                start.isOver.withLock { isOver in
                    guard !isOver else { return }
                    Logger(label: "samovar.program").info("stopped before it served")
                    // What a migration wrote so far is rolled back by whoever opens the store next.
                    ExitStatus.fine.endProcess()
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

    /// The start is over: from now on ``stops`` is read.
    package func serves() {
        start.isOver.withLock { $0 = true }
    }
}
