import Foundation

/// A process as people know it, from proc(5).
package struct ProcessName: Equatable, Sendable {
    package var pid: Int32
    package var program: String
    /// By a signal, or by who debugs it.
    package var isStopped: Bool
    /// How long it has been running.
    package var age: Duration?

    /// Such a process.
    package init(pid: Int32, program: String, isStopped: Bool = false, age: Duration? = nil) {
        self.pid = pid
        self.program = program
        self.isStopped = isStopped
        self.age = age
    }

    /// `samovar-worker (pid 35, stopped)`.
    package var text: String { text(with: nil) }

    /// The same with one more detail.
    package func text(with detail: String?) -> String {
        let details = ["pid \(pid)", isStopped ? "stopped" : nil, detail].compactMap(\.self)
        return "\(program) (\(details.joined(separator: ", ")))"
    }

    /// Whether it may be in a transaction for long: those of the services are short and many.
    package var mayHoldLong: Bool {
        isStopped || !["samovar-ingress", "samovar-worker"].contains(program)
    }
}

extension ProcessName {
    /// Looks it up; nil when it is gone or out of sight.
    package init?(pid: Int32) {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else {
            return nil
        }
        let uptime = FileManager.default.contents(atPath: "/proc/uptime") ?? Data()
        self.init(
            pid: pid,
            stat: String(decoding: bytes, as: UTF8.self),
            uptime: String(decoding: uptime, as: UTF8.self),
            ticksPerSecond: sysconf(Int32(_SC_CLK_TCK))
        )
    }

    /// Reads the text of /proc/PID/stat and /proc/uptime.
    init?(pid: Int32, stat: String, uptime: String, ticksPerSecond: Int) {
        // The name is in parentheses and may contain anything; the state follows it.
        guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"),
            open < close
        else { return nil }
        self.pid = pid
        program = String(stat[stat.index(after: open)..<close])
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        isStopped = fields.first.map { ["T", "t"].contains($0) } ?? false
        // Field 22 of all, the 20th after the name.
        let started = fields.count > 19 ? Double(fields[19]) : nil
        let now = uptime.split(separator: " ").first.flatMap { Double($0) }
        if let started, let now {
            age = .seconds(max(0, now - started / Double(max(ticksPerSecond, 1))))
        }
    }
}
