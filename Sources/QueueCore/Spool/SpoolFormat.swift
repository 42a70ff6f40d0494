import struct Foundation.Data

/// The bytes of a spool, version 1; numbers are little-endian.
///
/// A header, then frames, one for each append:
///
/// | header, 64 bytes | |
/// |---|---|
/// | 0 | `SMVSPOOL` |
/// | 8 | version, 4 bytes |
/// | 12 | the store's UUID as text, 36 bytes; zeros while it is not known |
/// | 48 | CRC-32C of the 48 bytes before, then zeros |
///
/// | frame | |
/// |---|---|
/// | 0 | `F5 53 50 B1`, which no text in UTF-8 contains |
/// | 4 | length of what follows the head, 4 bytes |
/// | 8 | deliveries in it, 4 bytes |
/// | 12 | CRC-32C of what follows the head |
/// | 16 | CRC-32C of the 16 bytes before |
/// | 20 | deliveries, one after the other |
///
/// A frame is synced before any delivery in it is acknowledged, so one whose end is missing holds
/// nothing that anybody was promised.
package enum SpoolFormat {
    static let version: UInt32 = 1
    static let headerLength = 64
    static let headLength = 20
    private static let magic = Array("SMVSPOOL".utf8)
    private static let frameMagic: [UInt8] = [0xF5, 0x53, 0x50, 0xB1]
    private static let uuidLength = 36
    /// Stands for the length of a text that is nil.
    private static let absent = UInt32.max

    // MARK: Header

    /// What a file's first bytes say.
    enum Header: Equatable {
        case spool(store: String?)
        /// A start was killed before they were whole.
        case unfinished
        case newer(Int)
        case foreign
    }

    static func header(store: String?) -> [UInt8] {
        var bytes = magic
        append(version, to: &bytes)
        var uuid = Array((store ?? "").utf8.prefix(uuidLength))
        uuid += [UInt8](repeating: 0, count: uuidLength - uuid.count)
        bytes += uuid
        append(CRC32C.of(bytes), to: &bytes)
        return bytes + [UInt8](repeating: 0, count: headerLength - bytes.count)
    }

    static func readHeader(_ bytes: [UInt8], fileLength: Int) -> Header {
        guard bytes.count >= headerLength else {
            let isOurs = bytes.prefix(magic.count).elementsEqual(magic.prefix(bytes.count))
            return isOurs ? .unfinished : .foreign
        }
        guard bytes.prefix(magic.count).elementsEqual(magic) else { return .foreign }
        let found = number(bytes, at: 8)
        guard found <= version else { return .newer(Int(found)) }
        // Torn while the UUID was written: who looks next finds it out anew.
        guard number(bytes, at: 48) == CRC32C.of(bytes[..<48]) else { return .spool(store: nil) }
        let uuid = bytes[12..<48].prefix { $0 != 0 }
        return .spool(store: uuid.isEmpty ? nil : String(decoding: uuid, as: UTF8.self))
    }

    // MARK: Frames

    /// What stands in front of a frame's deliveries.
    struct Head: Equatable {
        var payloadLength: Int
        var deliveries: Int
        var checksum: UInt32

        var frameLength: Int { headLength + payloadLength }

        /// Nil when these are no whole head.
        init?(_ bytes: [UInt8]) {
            guard bytes.count >= headLength, bytes.prefix(4).elementsEqual(frameMagic),
                number(bytes, at: 16) == CRC32C.of(bytes[..<16])
            else { return nil }
            payloadLength = Int(number(bytes, at: 4))
            deliveries = Int(number(bytes, at: 8))
            checksum = number(bytes, at: 12)
        }

        /// Reads a head in which one byte may be wrong: its checksum tells which, and what it was.
        ///
        /// So that a flipped bit in a length does not cost all frames behind it. They are not
        /// searched for: what looks like a frame may stand in a body that somebody sent.
        static func mended(_ bytes: [UInt8]) -> Head? {
            if let head = Head(bytes) { return head }
            guard bytes.count >= headLength else { return nil }
            var bytes = Array(bytes.prefix(headLength))
            for place in bytes.indices {
                let found = bytes[place]
                for byte in UInt8.min...UInt8.max {
                    bytes[place] = byte
                    if let head = Head(bytes) { return head }
                }
                bytes[place] = found
            }
            return nil
        }
    }

    /// A frame in the making: deliveries are added until it is full.
    struct Frame {
        private var bytes = [UInt8](repeating: 0, count: headLength)
        private(set) var deliveries = 0

        var length: Int { bytes.count }

        mutating func add(_ delivery: Delivery) {
            encode(delivery, into: &bytes)
            deliveries += 1
        }

        /// The whole, with its head.
        consuming func finish() -> [UInt8] {
            var checksum = CRC32C()
            unsafe bytes.withUnsafeBytes {
                unsafe checksum.update(UnsafeRawBufferPointer(rebasing: $0[headLength...]))
            }
            var head = frameMagic
            append(UInt32(bytes.count - headLength), to: &head)
            append(UInt32(deliveries), to: &head)
            append(checksum.value, to: &head)
            append(CRC32C.of(head), to: &head)
            bytes.replaceSubrange(..<headLength, with: head)
            return bytes
        }
    }

    /// How long a delivery is in a frame.
    static func length(of delivery: Delivery) -> Int {
        let texts: [String?] = [
            delivery.source, delivery.id.rawValue, delivery.event, delivery.eventType,
            delivery.targetType, delivery.remote, delivery.contentType, delivery.headers,
            delivery.verifiedBy,
        ]
        return texts.reduce(8 + 4 + delivery.body.count) { $0 + 4 + ($1?.utf8.count ?? 0) }
    }

    private static func encode(_ delivery: Delivery, into bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + length(of: delivery))
        let received = UInt64(bitPattern: delivery.receivedAt.rawValue)
        append(UInt32(truncatingIfNeeded: received), to: &bytes)
        append(UInt32(truncatingIfNeeded: received >> 32), to: &bytes)
        append(delivery.source, to: &bytes)
        append(delivery.id.rawValue, to: &bytes)
        append(delivery.event, to: &bytes)
        append(delivery.eventType, to: &bytes)
        append(delivery.targetType, to: &bytes)
        append(delivery.remote, to: &bytes)
        append(delivery.contentType, to: &bytes)
        append(delivery.headers, to: &bytes)
        append(delivery.verifiedBy, to: &bytes)
        append(UInt32(delivery.body.count), to: &bytes)
        bytes.append(contentsOf: delivery.body)
    }

    /// Reads what follows a head.
    ///
    /// - Returns: nil when it is not what was written.
    static func deliveries(_ payload: [UInt8], head: Head) -> [Delivery]? {
        guard payload.count == head.payloadLength, CRC32C.of(payload) == head.checksum else {
            return nil
        }
        var reader = Reader(bytes: payload)
        var deliveries: [Delivery] = []
        for _ in 0..<head.deliveries {
            guard let delivery = reader.delivery() else { return nil }
            deliveries.append(delivery)
        }
        return reader.isAtEnd ? deliveries : nil
    }

    /// Reads one value after the other; nil when there are not enough bytes.
    private struct Reader {
        let bytes: [UInt8]
        var place = 0

        var isAtEnd: Bool { place == bytes.count }

        mutating func delivery() -> Delivery? {
            guard let low = number(), let high = number(),
                let source = text(), let id = text(), let event = text(), let eventType = text(),
                let targetType = optionalText(), let remote = text(), let contentType = text(),
                let headers = text(), let verifiedBy = optionalText(),
                let length = number(), let body = take(Int(length))
            else { return nil }
            return Delivery(
                source: source,
                id: DeliveryID(rawValue: id),
                event: event,
                eventType: eventType,
                targetType: targetType,
                receivedAt: Timestamp(
                    rawValue: Int64(bitPattern: UInt64(high) << 32 | UInt64(low))
                ),
                remote: remote,
                contentType: contentType,
                headers: headers,
                verifiedBy: verifiedBy,
                body: Data(body)
            )
        }

        private mutating func number() -> UInt32? {
            guard bytes.count - place >= 4 else { return nil }
            defer { place += 4 }
            return SpoolFormat.number(bytes, at: place)
        }

        private mutating func text() -> String? {
            optionalText() ?? nil
        }

        /// Nil within: absent; nil without: not enough bytes.
        private mutating func optionalText() -> String?? {
            guard let length = number() else { return nil }
            if length == absent { return .some(nil) }
            guard let bytes = take(Int(length)) else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }

        private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard bytes.count - place >= count else { return nil }
            defer { place += count }
            return bytes[place..<place + count]
        }
    }

    // MARK: Numbers and texts

    private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        for shift in [0, 8, 16, 24] as [UInt32] {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    private static func append(_ text: String?, to bytes: inout [UInt8]) {
        guard let text else {
            append(absent, to: &bytes)
            return
        }
        append(UInt32(text.utf8.count), to: &bytes)
        bytes.append(contentsOf: text.utf8)
    }

    private static func number(_ bytes: [UInt8], at place: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) }
    }
}
