/// Names one run of a worker process; never used again.
package struct WorkerID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package var rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// A fresh id: short, because it names a socket, whose path may have few bytes.
    package static func fresh() -> WorkerID {
        let digits = String(UInt64.random(in: .min ... .max), radix: 36)
        return WorkerID(rawValue: "w" + digits)
    }

    package var description: String { rawValue }
}

/// A worker as it enters the store.
package struct WorkerRegistration: Sendable {
    package var id: WorkerID
    package var host: String
    package var pid: Int32
    package var version: String

    package init(id: WorkerID, host: String, pid: Int32, version: String) {
        self.id = id
        self.host = host
        self.pid = pid
        self.version = version
    }
}
