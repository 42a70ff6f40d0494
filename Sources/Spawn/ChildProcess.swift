import CSpawn
import Glibc
import Synchronization

/// A program started by Samovar, in a session of its own, which makes its pid the id of a process
/// group that holds whatever it starts and does not deliberately leave.
///
/// A blocking start under a thread per slot, not swift-subprocess: measured on /bin/true with eight
/// at a time, that library reached 57 % of this machine's spawn rate before any other work.
package struct ChildProcess: Sendable {
    package let pid: Int32
    /// Becomes readable when the program has ended (pidfd_open(2)); closed by ``reap()``.
    package let exitDescriptor: Int32

    /// How a program ended.
    package enum Exit: Equatable, Sendable {
        case code(Int32)
        case signal(Int32)
    }

    /// Starts a program.
    ///
    /// `command` is argv; its first element is the path of the program, never looked up.
    /// `environment` (`NAME=value`) is all it gets. It starts in `directory`, or where this process
    /// is. The three descriptors become its 0, 1 and 2; every other one is closed.
    ///
    /// Before the program's first instruction its own `/proc/PID/stat` (``ProcessStat``) is written
    /// to `note`, so that it can be found whatever becomes of this process; and it is not started
    /// from `latestStart` on, in microseconds of CLOCK_MONOTONIC.
    ///
    /// - Throws: the errno of the failure (ENOENT, EACCES, ENOEXEC when the program cannot be
    ///   executed at all; EAGAIN, ENOMEM, EMFILE when this machine is out of something), and which
    ///   step it was.
    package init(
        command: [String],
        environment: [String],
        directory: String?,
        standardInput: Int32,
        standardOutput: Int32,
        standardError: Int32,
        note: Int32 = -1,
        latestStart: Int64 = .max
    ) throws(SpawnError) {
        let start = OwnChildren.ledger.withLock { $0.startBegins() }
        defer { OwnChildren.ledger.withLock { $0.startEnds(start) } }
        var pid: Int32 = 0
        var exitDescriptor: Int32 = 0
        var step: Int32 = 0
        let result = unsafe withCStrings(command) { argv in
            unsafe withCStrings(environment) { envp in
                unsafe samovar_spawn(
                    argv,
                    envp,
                    directory,
                    standardInput,
                    standardOutput,
                    standardError,
                    note,
                    latestStart,
                    &pid,
                    &exitDescriptor,
                    &step
                )
            }
        }
        guard result == 0 else {
            throw SpawnError(code: result, step: SpawnError.Step(rawValue: step) ?? .program)
        }
        self.pid = pid
        self.exitDescriptor = exitDescriptor
        OwnChildren.ledger.withLock { $0.add(pid) }
    }

    /// Sends a signal to the program's whole process group.
    ///
    /// Safe until ``reap()``: the unreaped leader keeps the group's id from being used again.
    package func signalGroup(_ signal: Int32) {
        kill(-pid, signal)
    }

    /// Waits for the program's end and says how it ended; its pid, and so its session's id, is not
    /// used again before ``reap()``.
    package func awaitEnd() -> Exit {
        var (code, signal): (Int32, Int32) = (-1, -1)
        let result = unsafe samovar_await_end(pid, &code, &signal)
        precondition(result == 0, "a child that is not reaped can be waited for: \(result)")
        return code >= 0 ? .code(code) : .signal(signal)
    }

    /// Waits for the program's end and forgets it.
    @discardableResult
    package func reap() -> Exit {
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) != pid {
            precondition(errno == EINTR, "a child is reaped once, by its starter")
        }
        close(exitDescriptor)
        OwnChildren.ledger.withLock { $0.remove(pid) }
        let signal = status & 0x7f
        return signal == 0 ? .code((status >> 8) & 0xff) : .signal(signal)
    }
}

/// Why a program could not be started.
package struct SpawnError: Error, CustomStringConvertible {
    /// What could not be done; as in CSpawn.h.
    package enum Step: Int32, Sendable {
        case program = 0
        /// The note of it could not be written.
        case note = 1
        /// It was too late to start it.
        case time = 2
    }

    package var code: Int32
    package var step: Step

    package init(code: Int32, step: Step = .program) {
        self.code = code
        self.step = step
    }

    /// Whether the program itself cannot be executed, which trying again will not change.
    package var isPermanent: Bool {
        guard step == .program else { return false }
        return switch code {
        case ENOENT, EACCES, ENOEXEC, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EPERM, E2BIG: true
        default: false
        }
    }

    package var description: String {
        unsafe String(cString: strerror(code))
    }
}

/// Calls with a NULL-terminated array of C strings, valid during the call.
private func withCStrings<Result>(
    _ strings: [String],
    _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    var pointers = unsafe strings.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe body(pointers)
}
