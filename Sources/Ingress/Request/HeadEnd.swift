import Glibc

/// Finds the end of a request's head, the first empty line, in bytes that arrive bit by bit.
struct HeadEnd {
    /// The last bytes before those at hand, the latest lowest.
    private var tail: UInt128 = 0

    /// So many of them are looked at: what ends a request line.
    private static let tailBytes = 10

    /// How many bytes of the head were looked at so far.
    private(set) var bytes = 0

    /// Whether the end was found.
    private(set) var isFound = false

    /// Whether the first line ends in ` HTTP/`, a version and CR LF; nil before its end.
    ///
    /// The decoder takes `RTSP/1.0` and `ICE/1.0` as well, and does not tell.
    private(set) var isHTTP: Bool?

    /// Looks at the next bytes.
    ///
    /// - Returns: how many of them belong to the head; nil when it does not end in them.
    mutating func look(at next: UnsafeRawBufferPointer) -> Int? {
        var from = 0
        while let lineEnd = unsafe Self.lineFeed(in: next, from: from) {
            from = lineEnd + 1
            if isHTTP == nil { isHTTP = unsafe endsInHTTP(lineEnd, of: next) }
            if unsafe isEmptyLine(endingAt: lineEnd, of: next) {
                bytes += from
                isFound = true
                return from
            }
        }
        for index in max(0, next.count - Self.tailBytes)..<next.count {
            tail = unsafe tail << 8 | UInt128(next[index])
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

    private func endsInHTTP(_ lineEnd: Int, of next: UnsafeRawBufferPointer) -> Bool {
        let word = " HTTP/"
        let expected = word.utf8.span
        for place in 0..<expected.count {
            let found = unsafe byte(lineEnd - Self.tailBytes + place, of: next)
            guard found == expected[place] else { return false }
        }
        return unsafe byte(lineEnd - 1, of: next) == UInt8(ascii: "\r")
    }

    private func byte(_ index: Int, of next: UnsafeRawBufferPointer) -> UInt8 {
        guard index < 0 else { return unsafe next[index] }
        return UInt8(truncatingIfNeeded: tail >> UInt128((-index - 1) * 8))
    }

    private static func lineFeed(in bytes: UnsafeRawBufferPointer, from: Int) -> Int? {
        guard from < bytes.count, let start = bytes.baseAddress,
            let found = unsafe memchr(start + from, 0x0A, bytes.count - from)
        else { return nil }
        return unsafe UnsafeRawPointer(found) - start
    }
}
