import Dispatch
import Foundation
import Logging
import QueueCore
import StateFolder
import Synchronization

/// Says beside the store, each second, that somebody listens: so the next start knows since when
/// nobody did, however the process before it ended.
///
/// The newest delivery would not tell, as none may have come, nor would the store, which may be away
/// while deliveries are spooled or refused. Not synced: after a power cut it may be some seconds old,
/// and the time that is told only longer.
final class Presence: Sendable {
    private struct State {
        /// Whether the file was read, and what it said told.
        var isTold = false
        /// Whether a look at the file is under way: its disk may hang.
        var isBusy = false
        var isOver = false
        var isTroubleLogged = false
    }

    private let path: String
    private let listeningSince: Timestamp
    private let clocks: Clocks
    /// Whether the supervisor holds the socket: what comes while no ingress runs waits there.
    private let isActivated: Bool
    private let note: @Sendable (Incident) -> Void
    private let logger: Logger
    private let state = Mutex(State())
    /// A thread that may wait for the disk, which neither the event loop nor the store's may.
    private let queue = DispatchQueue(label: "samovar.presence", qos: .utility)

    /// Of an ingress that listens from now on.
    init(
        store: String,
        clocks: Clocks,
        isActivated: Bool = false,
        logger: Logger,
        note: @escaping @Sendable (Incident) -> Void
    ) {
        path = store + ".ingress"
        listeningSince = clocks.now()
        self.clocks = clocks
        self.isActivated = isActivated
        self.logger = logger
        self.note = note
    }

    /// To be called again and again.
    func beat() {
        let isDue = state.withLock { state in
            guard !state.isBusy, !state.isOver else { return false }
            state.isBusy = true
            return true
        }
        if isDue { enqueue() }
    }

    /// Says it for the last time; nobody waits for that.
    func end() {
        state.withLock { $0.isOver = true }
        enqueue()
    }

    private func enqueue() {
        queue.async { [self] in
            sayPresence()
            state.withLock { $0.isBusy = false }
        }
    }

    /// Where the store's folder is away, the next beat tries again.
    private func sayPresence() {
        let descriptor = StateFile.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return logTrouble() }
        defer { close(descriptor) }
        if !state.withLock(\.isTold) {
            if let last = Self.read(descriptor) { tell(last) }
            state.withLock { $0.isTold = true }
        }
        let text = Array((clocks.now().rfc3339 + "\n").utf8)
        let count = unsafe pwrite(descriptor, text, text.count, 0)
        if count != text.count { logTrouble() }
    }

    private static func read(_ descriptor: Int32) -> Timestamp? {
        var bytes = [UInt8](repeating: 0, count: 40)
        let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        return Timestamp(rfc3339: text.prefix { $0 != "\n" })
    }

    private func tell(_ last: Timestamp) {
        let time = listeningSince - last
        guard time >= IngressLimits.downtime else { return }
        let (from, to) = (last.rfc3339, listeningSince.rfc3339)
        logger.warning(
            "nobody listened for a while",
            metadata: ["from": "\(from)", "to": "\(to)", "seconds": "\(time.components.seconds)"]
        )
        note(
            Incident(
                kind: .ingressDown,
                source: "ingress",
                subject: from,
                detail: (isActivated
                    ? "no ingress ran, and the socket kept what came waiting, "
                    : "nobody listened ")
                    + "from \(from) to \(to) (\(time.components.seconds) s): redeliver what the hooks' pages show in red for that time",
                at: listeningSince
            )
        )
    }

    private func logTrouble() {
        let error = systemError()
        let isFirst = state.withLock { state in
            defer { state.isTroubleLogged = true }
            return !state.isTroubleLogged
        }
        guard isFirst else { return }
        logger.warning(
            "the next start will not know since when nobody listened",
            metadata: ["file": "\(path)", "error": "\(error)"]
        )
    }
}
