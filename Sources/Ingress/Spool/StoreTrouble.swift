import NIOCore
import QueueCore

/// Why deliveries go to the spool.
enum StoreTrouble: Sendable, CustomStringConvertible {
    case failed(StoreError)
    /// It did not answer within its budget.
    case silent

    /// For operators.
    var description: String {
        switch self {
        case .failed(let error): error.description
        case .silent:
            "the store did not answer within \(IngressLimits.storeBudget.nanoseconds / 1_000_000) ms"
        }
    }

    /// What to do next.
    var operatorHint: String {
        switch self {
        case .failed(let error): error.operatorHint
        case .silent:
            "Look for a slow disk, a program that keeps a transaction open, or a stopped process: "
                + "`samovar doctor` names who holds the write lock."
        }
    }

    /// What a client may know of it: no paths.
    var reason: String {
        switch self {
        case .failed(.busy): "the store is locked"
        case .failed(.full): "the store's disk is full"
        case .failed(.readOnly): "the store is read-only"
        case .failed: "the store cannot be written"
        case .silent: "the store was busy for too long"
        }
    }
}
