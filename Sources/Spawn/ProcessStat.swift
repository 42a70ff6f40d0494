import CSpawn

/// What /proc/PID/stat tells of a process (proc(5)).
package struct ProcessStat: Sendable {
    package let life: ProcessLife
    package let parent: Int32
    package let group: Int32
    /// The pid of who made its session; another process has that number only when none is left in
    /// the session.
    package let session: Int32
    private let state: UInt8
    private let flags: UInt64
    private let threads: UInt64
    private let environmentEnd: UInt64

    /// Looks it up.
    ///
    /// - Returns: nil when there is no such process.
    package init?(_ pid: Int32) {
        var process = samovar_process()
        guard unsafe samovar_look(pid, &process) == 0 else { return nil }
        self.init(process)
    }

    /// Reads the text of a /proc/PID/stat.
    ///
    /// - Returns: nil when it is none.
    package init?(text: String) {
        var process = samovar_process()
        guard unsafe samovar_read_stat(text, &process) == 0 else { return nil }
        self.init(process)
    }

    private init(_ process: samovar_process) {
        life = ProcessLife(pid: process.pid, startedAt: process.started)
        parent = process.parent
        group = process.group
        session = process.session
        state = UInt8(truncatingIfNeeded: process.state)
        flags = process.flags
        threads = process.threads
        environmentEnd = process.environment_end
    }

    /// Every process that can be seen.
    package static func all() -> [ProcessStat] {
        var pids = [Int32](repeating: 0, count: 1024)
        while true {
            let count = Int(unsafe samovar_pids(&pids, Int32(pids.count)))
            precondition(count >= 0, "/proc cannot be read: is it mounted?")
            guard count > pids.count else {
                // One that is gone by now has ended.
                return pids[..<count].compactMap { ProcessStat($0) }
            }
            pids = [Int32](repeating: 0, count: count + 1024)
        }
    }

    package var pid: Int32 { life.pid }

    /// Nothing of it is left but its exit code; its first thread may end before the others.
    package var hasEnded: Bool { Self.endStates.contains(state) && threads <= 1 }

    package var isEnding: Bool { flags & Self.exiting != 0 && !hasEnded }

    /// It has no environment yet because it is being executed, or none any more because it ends:
    /// one that was started with an empty one is another thing, and stays so.
    package var isBetweenEnvironments: Bool {
        environmentEnd == 0 && !isOfKernel && !hasEnded
    }

    /// It is no program, and has no environment.
    package var isOfKernel: Bool { flags & Self.ofKernel != 0 }

    private static let endStates = [UInt8(ascii: "Z"), UInt8(ascii: "X"), UInt8(ascii: "x")]

    /// PF_EXITING and PF_KTHREAD of the kernel's include/linux/sched.h.
    private static let exiting: UInt64 = 0x4
    private static let ofKernel: UInt64 = 0x20_0000
}

/// One process among all that ever have its pid.
package struct ProcessLife: Hashable, Sendable {
    package var pid: Int32
    /// In ticks since the boot.
    package var startedAt: UInt64

    package init(pid: Int32, startedAt: UInt64) {
        self.pid = pid
        self.startedAt = startedAt
    }
}
