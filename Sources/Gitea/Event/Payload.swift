import FoundationEssentials

/// A payload and the places of the members that Samovar knows.
///
/// Making one reads every byte once and copies nothing; a member is decoded when somebody asks for
/// it. So a payload of 30 MB costs no more memory than its bytes, and a member of the wrong type is
/// a mistake only where it is read.
struct Payload: Sendable {
    private let data: Data

    /// For each field where its value begins; -1 for those that are not there.
    private let places: [Int]

    /// Reads a whole text, which must be one JSON object.
    ///
    /// - Parameter data: the signed bytes.
    /// - Throws: `.malformed`, with the position; also when a member that Samovar knows is named
    ///   twice: the reader that a handler uses may take the other one.
    init(_ data: Data) throws(PayloadError) {
        self.data = data
        var finding = Finding()
        try finding.document(data.span)
        places = finding.places
    }

    /// Whether the member is there, and is not null.
    func has(_ field: PayloadField) -> Bool {
        kind(of: field) != nil
    }

    /// What the member is; nil when it is not there or null.
    func kind(of field: PayloadField) -> JSONKind? {
        let place = places[field.rawValue]
        guard place >= 0 else { return nil }
        let kind = JSONKind(firstByte: data.span[place])
        return kind == .null ? nil : kind
    }
}

// MARK: - Reading members

extension Payload {
    /// A string; nil when it is not there or null.
    func text(_ field: PayloadField) throws(PayloadError) -> String? {
        guard var reader = try reader(at: field, expected: .string) else { return nil }
        return try reader.string(data.span)
    }

    /// A whole number of 64 bits with a sign; nil when it is not there or null.
    func integer(_ field: PayloadField) throws(PayloadError) -> Int64? {
        guard var reader = try reader(at: field, expected: .number) else { return nil }
        return try reader.integer(at: field.path, data.span)
    }

    /// True or false; nil when it is not there or null.
    func boolean(_ field: PayloadField) throws(PayloadError) -> Bool? {
        guard let reader = try reader(at: field, expected: .boolean) else { return nil }
        return data.span[reader.position] == UInt8(ascii: "t")
    }

    /// A time; nil when it is not there, null, or the zero that Gitea writes for "never".
    func time(_ field: PayloadField) throws(PayloadError) -> Date? {
        guard let text = try text(field) else { return nil }
        if text.hasPrefix("0001-01-01T00:00:00") { return nil }
        do {
            return try Date(text, strategy: .iso8601)
        } catch {
            throw .unfit(field.path, "a time as 2006-01-02T15:04:05Z", found: "other text")
        }
    }

    /// The texts of one member of every object in a list: `name` of labels.
    func texts(_ member: String, in field: PayloadField) throws(PayloadError) -> [String] {
        var texts: [String] = []
        let bytes = data.span
        try forEachElement(of: field) { (reader, path) throws(PayloadError) in
            try reader.expect(.object, at: path, bytes)
            guard try reader.enterObject(bytes) else { return }
            repeat {
                let key = JSONEscapes.text(of: try reader.key(bytes), in: bytes)
                guard key == member else {
                    try reader.skip(bytes)
                    continue
                }
                try reader.expect(.string, at: "\(path).\(member)", bytes)
                texts.append(try reader.string(bytes))
            } while try reader.nextMember(bytes)
        }
        return texts
    }

    /// The id and the login of every object in a list: of assignees.
    func users(in field: PayloadField) throws(PayloadError) -> [(id: Int64?, login: String?)] {
        var users: [(id: Int64?, login: String?)] = []
        let bytes = data.span
        try forEachElement(of: field) { (reader, path) throws(PayloadError) in
            try reader.expect(.object, at: path, bytes)
            var user: (id: Int64?, login: String?) = (nil, nil)
            if try reader.enterObject(bytes) {
                repeat {
                    let key = JSONEscapes.text(of: try reader.key(bytes), in: bytes)
                    if key == "id" {
                        try reader.expect(.number, at: "\(path).id", bytes)
                        user.id = try reader.integer(at: "\(path).id", bytes)
                    } else if key == "login" {
                        try reader.expect(.string, at: "\(path).login", bytes)
                        user.login = try reader.string(bytes)
                    } else {
                        try reader.skip(bytes)
                    }
                } while try reader.nextMember(bytes)
            }
            users.append(user)
        }
        return users
    }

    /// How many elements a list has; nil when it is not there or null.
    func count(_ field: PayloadField) throws(PayloadError) -> Int? {
        guard has(field) else { return nil }
        var count = 0
        let bytes = data.span
        try forEachElement(of: field) { (reader, _) throws(PayloadError) in
            try reader.skip(bytes)
            count += 1
        }
        return count
    }

    /// The texts in the lists of every object in a list, until one meets a condition.
    ///
    /// One after the other: a commit may name a million files.
    ///
    /// - Parameters:
    ///   - lists: the members that hold the lists of texts: `added`.
    ///   - field: the list of objects.
    ///   - condition: what a text is asked.
    /// - Returns: whether a text meets the condition.
    /// - Throws: `.malformed` for what is no list of texts.
    func contains(
        in lists: [String],
        of field: PayloadField,
        where condition: (String) -> Bool
    ) throws(PayloadError) -> Bool {
        var isFound = false
        let bytes = data.span
        try forEachElement(of: field) { (reader, path) throws(PayloadError) in
            guard !isFound else { return try reader.skip(bytes) }
            try reader.expect(.object, at: path, bytes)
            guard try reader.enterObject(bytes) else { return }
            repeat {
                let key = JSONEscapes.text(of: try reader.key(bytes), in: bytes)
                guard !isFound, lists.contains(key), try reader.kind(bytes) != .null else {
                    try reader.skip(bytes)
                    continue
                }
                try reader.expect(.array, at: "\(path).\(key)", bytes)
                guard try reader.enterArray(bytes) else { continue }
                var number = 0
                repeat {
                    try reader.expect(.string, at: "\(path).\(key)[\(number)]", bytes)
                    if isFound {
                        try reader.skip(bytes)
                    } else {
                        isFound = condition(try reader.string(bytes))
                    }
                    number += 1
                } while try reader.nextElement(bytes)
            } while try reader.nextMember(bytes)
        }
        return isFound
    }

    private func forEachElement(
        of field: PayloadField,
        _ element: (inout JSONReader, String) throws(PayloadError) -> Void
    ) throws(PayloadError) {
        guard var reader = try reader(at: field, expected: .array) else { return }
        let bytes = data.span
        guard try reader.enterArray(bytes) else { return }
        var number = 0
        repeat {
            try element(&reader, "\(field.path)[\(number)]")
            number += 1
        } while try reader.nextElement(bytes)
    }

    /// A reader at a member's value.
    ///
    /// - Returns: nil when the member, or an object that it would be in, is not there or null.
    /// - Throws: when one of them is something else than expected.
    private func reader(
        at field: PayloadField,
        expected: JSONKind
    ) throws(PayloadError) -> JSONReader? {
        guard let found = kind(of: field) else {
            var outer = PayloadOutline.known.parents[field.rawValue]
            while let parent = outer {
                if let found = kind(of: parent), found != .object {
                    throw .unfit(parent.path, .object, found: found)
                }
                outer = PayloadOutline.known.parents[parent.rawValue]
            }
            return nil
        }
        guard found == expected else { throw .unfit(field.path, expected, found: found) }
        return JSONReader(at: places[field.rawValue])
    }
}

extension JSONReader {
    /// Moves to the next value, which must be of one kind.
    fileprivate mutating func expect(
        _ expected: JSONKind,
        at path: @autoclosure () -> String,
        _ bytes: borrowing Span<UInt8>
    ) throws(PayloadError) {
        let found = try kind(bytes)
        guard found == expected else { throw .unfit(path(), expected, found: found) }
    }

    /// Reads a whole number of 64 bits with a sign.
    fileprivate mutating func integer(
        at path: @autoclosure () -> String,
        _ bytes: borrowing Span<UInt8>
    ) throws(PayloadError) -> Int64 {
        guard let digits = try number(bytes) else {
            throw .unfit(path(), "a whole number", found: "a fraction")
        }
        let token = JSONStringToken(text: digits, isPlain: true)
        guard let value = Int64(JSONEscapes.text(of: token, in: bytes)) else {
            throw .unfit(path(), "a number of 64 bits", found: "a longer one")
        }
        return value
    }
}

// MARK: - Finding members

/// The one pass over a payload.
private struct Finding {
    var places = [Int](repeating: -1, count: PayloadField.allCases.count)
    private var reader = JSONReader()
    private let outline = PayloadOutline.known

    mutating func document(_ bytes: borrowing Span<UInt8>) throws(PayloadError) {
        let invalidAt: Int?
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: copy bytes)
            invalidAt = nil
        } catch {
            invalidAt = error.byteOffsets.lowerBound
        }
        if let invalidAt { throw JSONReader.failure("not UTF-8", at: invalidAt, in: bytes) }
        reader.skipSpace(bytes)
        guard !reader.isAtEnd(bytes) else { throw .malformed(reason: "empty") }
        let found = try reader.kind(bytes)
        guard found == .object else {
            // Junk that begins with anything else than a value is not even JSON.
            try reader.skip(bytes)
            throw .malformed(reason: "the top level is \(found.rawValue), not an object")
        }
        try members(of: 0, bytes)
        reader.skipSpace(bytes)
        guard reader.isAtEnd(bytes) else {
            throw reader.failure("text after the end", in: bytes)
        }
    }

    /// Reads one known object; no deeper than the outline is.
    private mutating func members(
        of object: Int,
        _ bytes: borrowing Span<UInt8>
    ) throws(PayloadError) {
        guard try reader.enterObject(bytes) else { return }
        repeat {
            let key = try reader.key(bytes)
            guard let member = outline.member(of: object, key, bytes) else {
                try reader.skip(bytes)
                continue
            }
            let kind = try reader.kind(bytes)
            guard places[member.field.rawValue] < 0 else {
                throw .malformed(reason: "\(member.field.path) is there twice")
            }
            places[member.field.rawValue] = reader.position
            if kind == .object, let inner = member.object {
                try members(of: inner, bytes)
            } else {
                try reader.skip(bytes)
            }
        } while try reader.nextMember(bytes)
    }
}
