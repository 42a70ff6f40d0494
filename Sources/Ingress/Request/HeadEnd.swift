import Glibc

/// Finds the end of a request's head, the first empty line, in bytes that arrive bit by bit.
struct HeadEnd {
    /// The last three bytes before those at hand, the latest lowest.
    private var tail: UInt32 = 0

    /// How many bytes of the head were looked at so far.
    private(set) var bytes = 0

    /// Whether the end was found.
    private(set) var isFound = false

    /// Looks at the next bytes.
    ///
    /// - Returns: how many of them belong to the head; nil when it does not end in them.
    mutating func look(at next: UnsafeRawBufferPointer) -> Int? {
        var from = 0
        while let lineEnd = unsafe Self.lineFeed(in: next, from: from) {
            from = lineEnd + 1
            if unsafe isEmptyLine(endingAt: lineEnd, of: next) {
                bytes += from
                isFound = true
                return from
            }
        }
        for index in max(0, next.count - 3)..<next.count {
            tail = unsafe tail << 8 | UInt32(next[index])
        }
        bytes += next.count
        return nil
    }

    /// Whether the four bytes that end there are CR LF CR LF.
    private func isEmptyLine(endingAt lineEnd: Int, of next: UnsafeRawBufferPointer) -> Bool {
        unsafe byte(lineEnd - 1, of: next) == UInt8(ascii: "\r")
            && byte(lineEnd - 2, of: next) == UInt8(ascii: "\n")
            && byte(lineEnd - 3, of: next) == UInt8(ascii: "\r")
    }

    private func byte(_ index: Int, of next: UnsafeRawBufferPointer) -> UInt8 {
        guard index < 0 else { return unsafe next[index] }
        return UInt8(truncatingIfNeeded: tail >> UInt32((-index - 1) * 8))
    }

    private static func lineFeed(in bytes: UnsafeRawBufferPointer, from: Int) -> Int? {
        guard from < bytes.count, let start = bytes.baseAddress,
            let found = unsafe memchr(start + from, 0x0A, bytes.count - from)
        else { return nil }
        return unsafe UnsafeRawPointer(found) - start
    }
}
