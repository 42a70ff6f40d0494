import Foundation
import Glibc
import QueueCore
import Spawn
import StateFolder

/// The session of one attempt, noted before the attempt's program runs:
/// `<state>/workers/<token>-<store file>.session`.
///
/// A program can change its title, its environment and its user, but not leave its session without
/// a fork; so what a killed worker left is found by this. The file outlives the worker but not what
/// it tells of: the boot and the PID namespace are in it, and read elsewhere it says nothing. It is
/// not synced, as no process outlives a power cut either.
///
/// Its first two lines are the worker's: where the pid means something, and the pipe that the
/// program prints to. The third is the child's own `/proc/PID/stat`, which it writes between setsid(2) and
/// execve(2). As the worker's lock is let go of after that, whoever finds the lock free finds the
/// line: an attempt without it has started nothing.
///
/// No cgroup for each attempt, although its kernel-made membership could not be left at all: it
/// takes a subtree that was delegated to this user, which neither containers nor the shipped units
/// give, and moving a process there waits for an RCU grace period, milliseconds for each start.
/// Where the worker has a cgroup of its own, as under systemd, its supervisor kills all that is in
/// it once the worker is dead.
struct SessionNote: Sendable {
    let token: AttemptToken
    /// The program itself: its pid is the session's id.
    let leader: ProcessLife
    /// What /proc/PID/fd shows for the pipe it prints to, such as `pipe:[17]`; nil for none.
    let output: String?

    init(token: AttemptToken, leader: ProcessLife, output: String? = nil) {
        self.token = token
        self.leader = leader
        self.output = output
    }

    /// Reads the note of an attempt.
    ///
    /// - Returns: nil when there is none, or it tells of another boot or PID namespace.
    init?(of trace: AttemptTrace) {
        guard let bytes = FileManager.default.contents(atPath: trace.notePath) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", maxSplits: 2)
        guard lines.count >= 3, ProcessSight(lines[0]) == ProcessSight.here,
            let leader = ProcessStat(text: String(lines[2]))?.life, leader.pid > 1
        else { return nil }
        self.init(token: trace.token, leader: leader, output: String(lines[1]))
    }

    /// Makes the note of an attempt that is about to start, for ``ChildProcess`` to complete.
    ///
    /// - Parameters:
    ///   - trace: of the attempt.
    ///   - output: the pipe that its program will print to.
    /// - Returns: a descriptor, which the caller closes.
    /// - Throws: the errno of what went wrong: a full disk, or a folder that is not ours.
    static func make(for trace: AttemptTrace, output: Int32) throws(SpawnError) -> Int32 {
        var pipe = stat()
        guard unsafe fstat(output, &pipe) == 0 else { throw SpawnError(code: errno, step: .note) }
        let flags = O_WRONLY | O_TRUNC | O_APPEND | O_NOFOLLOW
        let descriptor = StateFile.open(trace.notePath, flags)
        guard descriptor >= 0 else { throw SpawnError(code: errno, step: .note) }
        let head = Array("\(ProcessSight.here)\npipe:[\(pipe.st_ino)]\n".utf8)
        let count = unsafe write(descriptor, head, head.count)
        guard count == head.count else {
            let code = count < 0 ? errno : ENOSPC
            close(descriptor)
            throw SpawnError(code: code, step: .note)
        }
        return descriptor
    }
}

/// What an attempt's processes are found by.
struct AttemptTrace: Sendable {
    let token: AttemptToken
    let marks: HandlerMarks
    let stateFolder: String

    var notePath: String {
        let folder = ProcessSight.noteFolder(stateFolder)
        return "\(folder)/\(token)-\(marks.storeFile)\(ProcessSight.noteSuffix)"
    }

    func removeNote() {
        unsafe unlink(notePath)
    }
}
