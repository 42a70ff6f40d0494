import TestSupport

/// One part of the program that takes strangers' bytes, and what must hold whatever they are.
package struct FuzzSubject: Sendable, CustomStringConvertible {
    package let description: String

    /// The share of all inputs that it gets, in parts of ``FuzzSubject/shares``.
    package let share: Int

    /// Makes an input, feeds it, and compares what comes of it with what must.
    ///
    /// Returns a sentence about what is wrong, or nil.
    private let feed: @Sendable (inout SeededRandom) -> String?

    init(
        _ description: String,
        share: Int,
        feed: @escaping @Sendable (inout SeededRandom) -> String?
    ) {
        self.description = description
        self.share = share
        self.feed = feed
    }

    /// All of them; recorded payloads are long, and get fewer inputs.
    package static let all = [
        formBodies, escapes, signatureHeaders, webhookHeaders, signatures, texts, payloads,
    ]

    private static var shares: Int { all.reduce(0) { $0 + $1.share } }

    /// Its part of so many inputs, rounded up.
    package func inputs(of all: Int) -> Int {
        (all * share + Self.shares - 1) / Self.shares
    }

    /// Feeds inputs, each made from the seed and its own number.
    ///
    /// - Throws: at the first that something is wrong with.
    package func run(seed: UInt64, inputs: Range<Int>) throws(FuzzFailure) {
        for number in inputs {
            // Each input can be made alone.
            var random = SeededRandom(seed: seed &* 0xd134_2543_de82_ef95 &+ UInt64(number))
            _ = random.next()
            if let wrong = feed(&random) {
                throw FuzzFailure(subject: description, seed: seed, input: number, wrong: wrong)
            }
        }
    }
}

/// An input that the program does not take as it must.
package struct FuzzFailure: Error, CustomStringConvertible {
    package var subject: String
    package var seed: UInt64
    package var input: Int
    package var wrong: String

    package var description: String {
        "SAMOVAR_FUZZ_SEED=\(seed), \(subject), input \(input): \(wrong)"
    }
}

/// Bytes for people: printable ones as they are.
func visible(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\")
            ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16)
    }.joined()
}
