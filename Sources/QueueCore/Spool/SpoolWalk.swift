/// Goes through a spool's frames by their heads.
///
/// The payload of the last one alone is read: it is the one that a crash may have left unfinished.
/// The others are checked when they are imported.
struct SpoolWalk {
    /// What follows the last whole frame.
    enum Rest: Equatable {
        case none
        /// Of an append that was cut short.
        case torn(bytes: Int)
        /// What an append that was cut short does not look like.
        case damaged(bytes: Int)
    }

    private let file: SpoolDescriptor
    /// Where the last whole frame ends.
    private(set) var end = SpoolFormat.headerLength
    private(set) var deliveries = 0
    private(set) var rest = Rest.none
    private var last: (start: Int, head: SpoolFormat.Head)?

    init(_ file: SpoolDescriptor) {
        self.file = file
    }

    /// Goes to the end, and looks at what is there.
    mutating func toEnd() throws(SpoolError) {
        let length = try file.length
        try walk(to: length)
        if rest == .none, let last, try !isWhole(last.start, last.head) {
            end = last.start
            deliveries -= last.head.deliveries
            rest = try judge(length - end)
        }
    }

    /// Goes as far as the heads are whole.
    mutating func walk(to length: Int) throws(SpoolError) {
        while end < length {
            let bytes = try file.read(SpoolFormat.headLength, at: end)
            guard bytes.count == SpoolFormat.headLength else {
                rest = .torn(bytes: length - end)
                return
            }
            guard let head = SpoolFormat.Head.mended(bytes) else {
                rest = try judge(length - end)
                return
            }
            guard end + head.frameLength <= length else {
                // It is synced, its length too, before anything in it is acknowledged.
                rest = .torn(bytes: length - end)
                return
            }
            last = (end, head)
            end += head.frameLength
            deliveries += head.deliveries
        }
    }

    /// When the first delivery of the file was received; nil when there is none, or it is damaged.
    func oldest() throws(SpoolError) -> Timestamp? {
        let start = SpoolFormat.headerLength
        guard end > start,
            let head = SpoolFormat.Head.mended(
                try file.read(SpoolFormat.headLength, at: start)
            )
        else { return nil }
        let payload = try file.read(head.payloadLength, at: start + SpoolFormat.headLength)
        return SpoolFormat.deliveries(payload, head: head)?.first?.receivedAt
    }

    private func isWhole(_ start: Int, _ head: SpoolFormat.Head) throws(SpoolError) -> Bool {
        let payload = try file.read(head.payloadLength, at: start + SpoolFormat.headLength)
        return SpoolFormat.deliveries(payload, head: head) != nil
    }

    /// A power cut may leave zeros where an append was to be; nothing that was written is all zeros.
    private func judge(_ bytes: Int) throws(SpoolError) -> Rest {
        var place = end
        while place < end + bytes {
            let part = try file.read(min(Limits.batchBytes, end + bytes - place), at: place)
            guard !part.isEmpty else { break }
            guard part.allSatisfy({ $0 == 0 }) else { return .damaged(bytes: bytes) }
            place += part.count
        }
        return .torn(bytes: bytes)
    }
}
