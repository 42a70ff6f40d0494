import Glibc
import Spawn

/// All that a handler started and that did not leave its session, in whatever process groups.
///
/// timeout(1) and the job control of a shell (`set -m`) make groups of their own in it: a signal to
/// the handler's group does not meet them.
///
/// Used between the handler's start and its reaping, while its pid can name no other session.
struct AttemptSession {
    private let child: ChildProcess
    private let trace: AttemptTrace

    init(_ child: ChildProcess, _ trace: AttemptTrace) {
        self.child = child
        self.trace = trace
    }

    /// Who is killed.
    enum Reach {
        /// Who is in the session, and who descends from those.
        case inSession
        /// Also who left it, and has the attempt's marks in its environment.
        case found
    }

    /// Sends a signal to each process once.
    func signalAll(_ signal: Int32) {
        child.signalGroup(signal)
        for process in ProcessStat.all()
        where process.session == child.pid && process.group != child.pid && !process.hasEnded {
            // One that is gone meanwhile needs no signal.
            _ = try? ProcessHandle(process.life).send(signal)
        }
    }

    /// Kills what is there and waits until it is gone, however long: as long as something of it
    /// lives (a program that changed its user), the job must not run again.
    ///
    /// - Parameters:
    ///   - reach: who is killed.
    ///   - report: told once of what is still there after some seconds.
    func killAll(_ reach: Reach, _ report: ([ProcessLife]) -> Void) {
        guard let leader = ProcessStat(child.pid)?.life else {
            preconditionFailure("a child that is not reaped is in /proc")
        }
        let note = SessionNote(token: trace.token, leader: leader)
        let marks = reach == .found ? trace.marks : nil
        var hunt = ProcessHunt([trace.token], notes: [note], marks: marks)
        let deadline = ContinuousClock.now + Self.patience
        var isReported = false
        var pause: useconds_t = 1_000
        while !hunt.look().isEmpty {
            if !isReported, ContinuousClock.now >= deadline {
                isReported = true
                report(hunt.living)
            }
            // On a thread of the attempt's own.
            usleep(pause)
            pause = min(2 * pause, Self.longestPause)
        }
    }

    private static let patience = Duration.seconds(5)
    /// In microseconds: a look at all processes costs some milliseconds.
    private static let longestPause: useconds_t = 500_000
}
