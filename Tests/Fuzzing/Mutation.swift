/// Changes bytes a little, as a broken client, a bad proxy or a forger might.
package enum Mutation {
    /// Changes bytes in one to four places.
    ///
    /// - Parameters:
    ///   - bytes: what is changed.
    ///   - words: what may be put in.
    ///   - random: decides.
    package static func change(
        _ bytes: inout [UInt8],
        words: [[UInt8]],
        using random: inout some RandomNumberGenerator
    ) {
        for _ in 0...Int.random(in: 0...3, using: &random) {
            changeOnce(&bytes, words: words, using: &random)
        }
    }

    private static func changeOnce(
        _ bytes: inout [UInt8],
        words: [[UInt8]],
        using random: inout some RandomNumberGenerator
    ) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let length = min(bytes.count - place, Int.random(in: 1...8, using: &random))
        switch Int.random(in: 0..<8, using: &random) {
        case 0 where place < bytes.count:
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1 where place < bytes.count:
            bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2:
            bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 3 where length > 0:
            bytes.removeSubrange(place..<place + length)
        case 4 where length > 0:
            bytes.insert(contentsOf: bytes[place..<place + length], at: place)
        case 5:
            bytes.removeSubrange(place...)
        case 6 where length > 1:
            bytes.swapAt(place, place + length - 1)
        default:
            bytes.insert(contentsOf: words.randomElement(using: &random) ?? [], at: place)
        }
    }
}

extension [UInt8] {
    /// So many random bytes, of all kinds or printable ones.
    package static func random(
        count: Range<Int>,
        of kinds: ClosedRange<UInt8> = 0...255,
        using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        (0..<Int.random(in: count, using: &random)).map { _ in
            UInt8.random(in: kinds, using: &random)
        }
    }
}
