import Foundation

/// A terminal that a test opened, and may close under whom it started on it (pty(7)).
final class PseudoTerminal {
    private var own: Int32
    /// What a program on it reads from.
    let descriptor: Int32

    init() {
        // What posix_openpt(3), unlockpt(3) and ptsname(3) do, which the C library does not show here.
        let own = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (lock, number): (Int32, UInt32) = (0, 0)
        let isOpen =
            unsafe own >= 0 && ioctl(own, Self.setLock, &lock) == 0
            && ioctl(own, Self.getNumber, &number) == 0
        precondition(isOpen, "no terminal: \(errno)")
        let other = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        precondition(other >= 0, "cannot open the terminal: \(errno)")
        (self.own, descriptor) = (own, other)
    }

    deinit {
        hangUp()
        close(descriptor)
    }

    /// Closes it, as a window or a lost connection does.
    func hangUp() {
        guard own >= 0 else { return }
        close(own)
        own = -1
    }

    /// TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)), which are macros.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430
}
