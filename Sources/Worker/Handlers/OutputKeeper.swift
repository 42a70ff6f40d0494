import Foundation
import QueueCore

/// Keeps the first 16 KiB and the last 48 KiB of what a handler prints, however much that is.
struct OutputKeeper {
    static let headBytes = 16 << 10
    static let tailBytes = 48 << 10

    private var head = Data()
    private var tail = Data()
    private var bytes: Int64 = 0

    mutating func append(_ part: ArraySlice<UInt8>) {
        bytes += Int64(part.count)
        let toHead = min(part.count, Self.headBytes - head.count)
        head.append(contentsOf: part.prefix(toHead))
        tail.append(contentsOf: part.dropFirst(toHead))
        // Trimmed now and then, not at every part: each byte is moved once on average.
        if tail.count > 2 * Self.tailBytes { tail = Data(tail.suffix(Self.tailBytes)) }
    }

    /// Nil when nothing was printed.
    var output: AttemptOutput? {
        guard bytes > 0 else { return nil }
        let end = tail.suffix(Self.tailBytes)
        let leftOut = bytes - Int64(head.count + end.count)
        let gap = leftOut > 0 ? Data("\n[samovar: \(leftOut) bytes left out]\n".utf8) : Data()
        return AttemptOutput(kept: head + gap + end, bytes: bytes)
    }
}
