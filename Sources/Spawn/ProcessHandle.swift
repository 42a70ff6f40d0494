import CSpawn
import Glibc

/// A hold on one process, never on a later one of its pid (pidfd_open(2)).
package final class ProcessHandle: Sendable {
    package let life: ProcessLife
    private let descriptor: Int32

    /// Takes hold of a process.
    ///
    /// - Throws: ESRCH when it is gone; EMFILE when this process has too many open files.
    package init(_ life: ProcessLife) throws(SpawnError) {
        let descriptor = samovar_pidfd_open(life.pid)
        guard descriptor >= 0 else { throw SpawnError(code: -descriptor) }
        // It has lived from the look that found it until now: so that is what was opened.
        guard ProcessStat(life.pid)?.life == life else {
            close(descriptor)
            throw SpawnError(code: ESRCH)
        }
        self.life = life
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Sends a signal.
    ///
    /// - Returns: 0, or the errno: EPERM when this user may not.
    @discardableResult
    package func send(_ signal: Int32) -> Int32 {
        samovar_pidfd_kill(descriptor, signal)
    }

    /// It has given back its memory, its files and their locks.
    package var hasEnded: Bool {
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&event, 1, 0) == 1
    }
}
