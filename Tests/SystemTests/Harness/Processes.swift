import Foundation

/// The processes of this machine.
enum Processes {
    /// Those whose environment contains some bytes; it begins and ends with a zero byte here.
    static func whoseEnvironment(contains mark: Data) -> [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { pid in
            // Gone since, or another user's: not one of ours.
            guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else {
                return false
            }
            return (Data([0]) + bytes).range(of: mark) != nil
        }
    }

    /// Whether a process exists; one that has ended and was not reaped does not.
    static func exists(_ pid: Int32) -> Bool {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else {
            return false
        }
        // The state follows the name, which is in parentheses and may contain anything.
        let afterName = String(decoding: bytes, as: UTF8.self).split(separator: ") ").last
        return afterName?.first != "Z"
    }
}
