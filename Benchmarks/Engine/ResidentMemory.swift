import Foundation

/// The memory of this process, as Linux counts it.
enum ResidentMemory {
    /// Forgets the peak, and says how many bytes there are now.
    static func restart() throws -> Int {
        try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
        return try bytes("VmRSS:")
    }

    /// The most bytes since the last restart.
    static func peak() throws -> Int { try bytes("VmHWM:") }

    private static func bytes(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        guard let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { throw BenchmarkError.noMemoryCount }
        return kibibytes * 1024
    }
}
