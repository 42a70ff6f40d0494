import Foundation

/// The terminal that a service was started on, by a person who may close it.
///
/// SIGHUP comes from two sides: an operator means "read your configuration again", the end of a
/// terminal (or the shell that passes it on) means that nobody is there to stop the service any more.
/// The kernel tells them apart: it takes a lost terminal from all processes of its session.
struct ControllingTerminal: Sendable {
    private let isThere: @Sendable () -> Bool

    /// One whose loss counts; nil for a service that was started without a terminal, or to survive it
    /// (nohup(1) starts it with SIGHUP ignored).
    ///
    /// To be called before SIGHUP is trapped.
    static func own() -> ControllingTerminal? {
        let status = FileManager.default.contents(atPath: "/proc/self/status") ?? Data()
        let isIgnored = ignoresHangUp(String(decoding: status, as: UTF8.self))
        return isIgnored || !canBeOpened() ? nil : ControllingTerminal { Self.canBeOpened() }
    }

    /// - Parameter isThere: looks.
    init(isThere: @escaping @Sendable () -> Bool) {
        self.isThere = isThere
    }

    /// Whether a SIGHUP that came just now is the terminal's last word.
    ///
    /// The kernel sends it a moment before it takes the terminal away when the session's leader ends,
    /// so it is looked at again for a quarter of a second.
    func isLost() async -> Bool {
        for _ in 0..<Self.looks {
            if !isThere() { return true }
            // Cancelled: the service ends anyway.
            guard (try? await Task.sleep(for: .milliseconds(50))) != nil else { return false }
        }
        return !isThere()
    }

    /// Reads /proc/PID/status (proc(5)): a mask of signals in hexadecimal digits, SIGHUP the lowest.
    static func ignoresHangUp(_ status: String) -> Bool {
        let line = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }
        guard let digits = line?.split(whereSeparator: \.isWhitespace).last,
            let mask = UInt64(digits, radix: 16)
        else { return false }
        return mask & 1 == 1
    }

    /// Whether this process has a controlling terminal (tty(4)); one that hung up cannot be opened.
    private static func canBeOpened() -> Bool {
        let descriptor = unsafe open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        // Out of descriptors is not out of a terminal.
        guard descriptor >= 0 else { return errno == EMFILE || errno == ENFILE }
        close(descriptor)
        return true
    }

    private static let looks = 5
}
