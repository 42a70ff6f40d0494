import Foundation

/// The process that has the turn to write, as the kernel knows it.
struct TurnHolder: Equatable {
    var pid: Int32

    /// Reads the text of /proc/locks (proc(5)).
    ///
    /// nil comes of it when nobody holds the turn, or one that this process cannot see.
    ///
    /// - Parameters:
    ///   - text: a line for each lock, such as `7: FLOCK  ADVISORY  WRITE 35 fe:00:163 0 EOF`.
    ///   - inode: that of the turn's file.
    init?(_ text: String, inode: UInt64) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            // A waiting one has an arrow before its kind, and holds nothing.
            guard words.count == 8, words[1] == "FLOCK", words[3] == "WRITE",
                let pid = Int32(words[4]), pid > 0,
                let file = words[5].split(separator: ":").last, UInt64(file) == inode
            else { continue }
            self.pid = pid
            return
        }
        return nil
    }

    /// Who it is, for people: `samovar-worker (pid 35, stopped)`.
    var text: String {
        let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") ?? Data()
        return Self.text(pid: pid, stat: String(decoding: stat, as: UTF8.self))
    }

    /// The name is in parentheses and may contain anything; the state follows it.
    static func text(pid: Int32, stat: String) -> String {
        guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"), open < close
        else { return "process \(pid)" }
        let name = stat[stat.index(after: open)..<close]
        let isStopped = stat[close...].hasPrefix(") T") || stat[close...].hasPrefix(") t")
        return "\(name) (pid \(pid)\(isStopped ? ", stopped" : ""))"
    }
}
