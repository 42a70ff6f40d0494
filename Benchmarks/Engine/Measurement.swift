import Foundation

/// How long each of many calls took.
struct Samples: Codable, Sendable {
    private var nanoseconds: [Int64] = []

    var count: Int { nanoseconds.count }

    mutating func add(_ duration: Duration) {
        let parts = duration.components
        nanoseconds.append(parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
    }

    mutating func add(_ others: Samples) {
        nanoseconds += others.nanoseconds
    }

    /// The duration, in microseconds, that this share of the calls did not exceed.
    func quantile(_ share: Double) -> Double {
        let sorted = nanoseconds.sorted()
        guard let last = sorted.indices.last else { return 0 }
        let place = min(last, Int(Double(sorted.count) * share))
        return Double(sorted[place]) / 1000
    }
}

/// Prints a measurement as one line of JSON.
func report(_ measurement: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = .sortedKeys
    var line = try encoder.encode(measurement)
    line.append(UInt8(ascii: "\n"))
    try FileHandle.standardOutput.write(contentsOf: line)
}

/// A figure with as many digits as mean something.
func rounded(_ value: Double, digits: Int = 1) -> Double {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    return (value * scale).rounded() / scale
}

/// What makes a measurement worthless.
enum BenchmarkError: Error, CustomStringConvertible {
    case storeExists(String)
    case noStore(String)
    case claimedTooFew(Int, of: Int)
    case endRefused(String)
    case notRouted(String)
    case lostCount(done: Int, counted: Int)
    case unsound([String])
    case workerFailed(String)
    case noRecordings(String)
    case noMemoryCount

    var description: String {
        switch self {
        case .storeExists(let path): "\(path) exists and is left alone: choose another --dir"
        case .noStore(let path): "there is no \(path): make it with fill"
        case .claimedTooFew(let claimed, let wanted):
            "the engine claimed \(claimed) of \(wanted) jobs that were due"
        case .endRefused(let token): "the engine refused the end of attempt \(token)"
        case .notRouted(let answer): "the engine did not route what it had accepted: \(answer)"
        case .lostCount(let done, let counted):
            "the store has \(done) finished jobs, the workers counted \(counted)"
        case .unsound(let findings): "the store is unsound: \(findings.joined(separator: "; "))"
        case .workerFailed(let reason): "a worker process failed: \(reason)"
        case .noRecordings(let folder): "there are no recorded deliveries in \(folder)"
        case .noMemoryCount: "/proc/self/status does not tell the memory"
        }
    }
}
