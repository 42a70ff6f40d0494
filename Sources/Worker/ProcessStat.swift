import Foundation

/// What /proc/PID/stat tells of a process (proc(5)).
struct ProcessStat {
    let life: ProcessLife
    private let state: Substring
    private let flags: UInt
    private let threads: Int

    /// - Returns: nil when there is no such process.
    init?(_ pid: pid_t) {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else {
            return nil
        }
        // The name is in parentheses and may contain anything; the fields from the third on follow.
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let flags = UInt(fields[6]), let threads = Int(fields[17]),
            let startedAt = UInt64(fields[19])
        else { return nil }
        life = ProcessLife(pid: pid, startedAt: startedAt)
        state = fields[0]
        self.flags = flags
        self.threads = threads
    }

    /// Nothing of it is left but its exit code; its first thread may end before the others.
    var hasEnded: Bool { ["Z", "X", "x"].contains(state) && threads <= 1 }

    var isEnding: Bool { flags & Self.exiting != 0 && !hasEnded }

    var isRunningProgram: Bool { flags & Self.ofKernel == 0 && !hasEnded }

    /// PF_EXITING and PF_KTHREAD of the kernel's include/linux/sched.h.
    private static let exiting: UInt = 0x4
    private static let ofKernel: UInt = 0x20_0000
}

/// One process among all that ever have its pid.
struct ProcessLife: Hashable {
    var pid: pid_t
    /// In ticks since the boot.
    var startedAt: UInt64

    var hasEnded: Bool {
        guard let stat = ProcessStat(pid), stat.life == self else { return true }
        return stat.hasEnded
    }
}
