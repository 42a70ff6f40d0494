import Foundation
import QueueCore

/// What worker processes did.
struct Tally: Codable, Sendable {
    var jobs = 0
    /// From the start of all to the end of the last.
    var seconds = 0.0
    /// Jobs done in each second since the start.
    var perSecond: [Int] = []
    /// How long each commit took.
    var exchanges = Samples()

    mutating func add(_ other: Tally) {
        jobs += other.jobs
        seconds = max(seconds, other.seconds)
        exchanges.add(other.exchanges)
        for (second, jobs) in other.perSecond.enumerated() { count(jobs, inSecond: second) }
    }

    mutating func count(_ jobs: Int, inSecond second: Int) {
        while perSecond.count <= second { perSecond.append(0) }
        perSecond[second] += jobs
    }
}

/// Worker processes that begin together: this program again, as `drain-worker`.
///
/// Each says `ready` once its store is open, waits for a line, works, and prints its tally. One
/// that is never told to begin ends when its standard input does.
struct Crew {
    private let workers: [(process: Process, input: FileHandle, output: FileHandle)]

    init(size: Int, options: [String]) throws {
        guard let program = Bundle.main.executableURL else {
            throw BenchmarkError.workerFailed("this program's file is unknown")
        }
        workers = try (0..<size).map { _ in
            let process = Process()
            let (input, output) = (Pipe(), Pipe())
            process.executableURL = program
            process.arguments = ["drain-worker"] + options
            process.standardInput = input
            process.standardOutput = output
            try process.run()
            return (process, input.fileHandleForWriting, output.fileHandleForReading)
        }
    }

    /// Lets all begin, and waits for the last to end.
    func work() throws -> Tally {
        defer {
            for worker in workers where worker.process.isRunning { worker.process.terminate() }
        }
        for worker in workers {
            // The only thing it says before it is told to begin.
            let word = try worker.output.read(upToCount: 6) ?? Data()
            guard word == Data("ready\n".utf8) else {
                throw BenchmarkError.workerFailed("it did not get ready")
            }
        }
        let start = Data("\(Clocks.system.monotonic().rawValue)\n".utf8)
        for worker in workers { try worker.input.write(contentsOf: start) }
        var sum = Tally()
        for worker in workers {
            let result = try worker.output.readToEnd() ?? Data()
            worker.process.waitUntilExit()
            guard worker.process.terminationStatus == 0 else {
                throw BenchmarkError.workerFailed("status \(worker.process.terminationStatus)")
            }
            sum.add(try JSONDecoder().decode(Tally.self, from: result))
        }
        return sum
    }
}
