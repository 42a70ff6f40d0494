package import FoundationEssentials

/// Bodies of the type `application/x-www-form-urlencoded`.
package enum FormBody {
    /// The decoded value of the field `payload`.
    ///
    /// Reads every byte once and holds one decoded copy, so 32 MiB take as long as copying them a
    /// few times. Nil when the field is missing or occurs twice, or when any escape in the body is
    /// not `%` and two hexadecimal digits.
    ///
    /// - Source: url.spec.whatwg.org, "application/x-www-form-urlencoded parsing"; stricter,
    ///   because what Go writes is always well formed.
    package static func payload(in body: Data) -> Data? {
        var fields = FormFields(body.span)
        return fields.payload(in: body.span)
    }
}

/// A position in a form body, and the scratch space that names and other fields are decoded into.
private struct FormFields {
    private var position = 0
    private let end: Int

    init(_ body: borrowing Span<UInt8>) {
        end = body.count
    }

    mutating func payload(in body: borrowing Span<UInt8>) -> Data? {
        var payload: [UInt8]?
        var ignored: [UInt8] = []
        while position < end {
            guard let isPayload = nameIsPayload(in: body) else { return nil }
            if isPayload {
                guard payload == nil else { return nil }
                var value: [UInt8] = []
                // What is left is at most what the value decodes to; Gitea sends one field.
                value.reserveCapacity(end - position)
                guard decodeValue(in: body, into: &value) else { return nil }
                payload = value
            } else {
                ignored.removeAll(keepingCapacity: true)
                guard decodeValue(in: body, into: &ignored) else { return nil }
            }
        }
        return payload.map { Data($0) }
    }

    /// Moves over a name and its `=`, or up to the `&` of a field without one.
    ///
    /// - Returns: whether the name is `payload`; nil for an invalid escape.
    private mutating func nameIsPayload(in body: borrowing Span<UInt8>) -> Bool? {
        let expected = "payload".utf8.span
        var count = 0
        var isEqual = true
        while position < end, body[position] != UInt8(ascii: "&") {
            if body[position] == UInt8(ascii: "=") {
                position += 1
                break
            }
            guard let byte = decodeByte(in: body) else { return nil }
            isEqual = isEqual && count < expected.count && byte == expected[count]
            count += 1
        }
        return isEqual && count == expected.count
    }

    /// Moves over a value and the `&` after it.
    private mutating func decodeValue(
        in body: borrowing Span<UInt8>,
        into value: inout [UInt8]
    ) -> Bool {
        while position < end {
            if body[position] == UInt8(ascii: "&") {
                position += 1
                return true
            }
            guard let byte = decodeByte(in: body) else { return false }
            value.append(byte)
        }
        return true
    }

    @inline(__always)
    private mutating func decodeByte(in body: borrowing Span<UInt8>) -> UInt8? {
        let byte = body[position]
        switch byte {
        case UInt8(ascii: "+"):
            position += 1
            return UInt8(ascii: " ")
        case UInt8(ascii: "%"):
            guard end - position > 2, let high = Hex.value(body[position + 1]),
                let low = Hex.value(body[position + 2])
            else { return nil }
            position += 3
            return high << 4 | low
        default:
            position += 1
            return byte
        }
    }
}
