/// The known members of payloads as a tree, made for looking keys up while reading.
struct PayloadOutline: Sendable {
    /// The one outline.
    static let known = PayloadOutline(PayloadField.allCases)

    /// The known members of one object.
    struct Object: Sendable {
        fileprivate var members: [Member] = []
        /// One bit for each length that a key here has: most keys are ruled out by theirs.
        fileprivate var lengths: UInt32 = 0
    }

    /// One known member of an object.
    struct Member: Sendable {
        let field: PayloadField
        /// The number of the object in `objects`, when members of the value are known too.
        fileprivate(set) var object: Int?
        fileprivate let key: Key
    }

    /// A short key as numbers, which compare in one step each.
    fileprivate struct Key: Equatable, Sendable {
        /// No key in the outline is longer.
        static let lengthMax = 16
        var head: UInt64 = 0
        var tail: UInt64 = 0
        var length = 0

        @inline(__always)
        mutating func append(_ byte: UInt8) {
            if length < 8 {
                head = head << 8 | UInt64(byte)
            } else {
                tail = tail << 8 | UInt64(byte)
            }
            length += 1
        }
    }

    /// Every object with known members; the payload itself is the first.
    private(set) var objects = [Object()]

    /// For each field the object that it is a member of; nil at the top.
    private(set) var parents: [PayloadField?] = []

    private init(_ fields: [PayloadField]) {
        var paths: [String: (field: PayloadField, object: Int, member: Int)] = [:]
        for field in fields {
            let parts = field.path.split(separator: ".")
            let name = parts[parts.count - 1]
            let parent = paths[parts.dropLast().joined(separator: ".")]
            precondition(
                parts.count == 1 || parent != nil,
                "the object that \(field.path) is in is a field before it"
            )
            var object = 0
            if let parent {
                let known = objects[parent.object].members[parent.member].object
                object = known ?? objects.count
                if known == nil {
                    objects.append(Object())
                    objects[parent.object].members[parent.member].object = object
                }
            }
            var key = Key()
            for byte in name.utf8 { key.append(byte) }
            precondition(key.length <= Key.lengthMax, "\(field.path) is too long for a key")
            paths[field.path] = (field, object, objects[object].members.count)
            objects[object].members.append(Member(field: field, object: nil, key: key))
            objects[object].lengths |= 1 << UInt32(key.length)
            parents.append(parent?.field)
        }
    }

    /// The member of an object that a key names; nil for one that nobody asks for.
    @inline(__always)
    func member(
        of object: Int,
        _ token: JSONStringToken,
        _ bytes: borrowing Span<UInt8>
    ) -> Member? {
        guard token.isPlain else { return member(of: object, escaped: token, bytes) }
        let length = token.text.count
        guard length <= Key.lengthMax, objects[object].lengths >> UInt32(length) & 1 == 1
        else { return nil }
        var key = Key()
        for place in token.text { key.append(bytes[place]) }
        return member(of: object, key)
    }

    private func member(
        of object: Int,
        escaped token: JSONStringToken,
        _ bytes: borrowing Span<UInt8>
    ) -> Member? {
        let name = JSONEscapes.unescaped(bytes.extracting(token.text))
        guard name.count <= Key.lengthMax else { return nil }
        var key = Key()
        for byte in name { key.append(byte) }
        return member(of: object, key)
    }

    @inline(__always)
    private func member(of object: Int, _ key: Key) -> Member? {
        for member in objects[object].members where member.key == key { return member }
        return nil
    }
}
