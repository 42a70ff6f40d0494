import Foundation
import Gitea
import Testing

@Suite
struct HMACSHA256Tests {
    /// A test case of RFC 4231; the fifth is about truncation, which Gitea does not do.
    struct Vector: Sendable {
        let number: Int
        let key: [UInt8]
        let message: [UInt8]
        let hmac: String

        static let all = [
            Vector(
                number: 1,
                key: Array(repeating: 0x0b, count: 20),
                message: Array("Hi There".utf8),
                hmac: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            Vector(
                number: 2,
                key: Array("Jefe".utf8),
                message: Array("what do ya want for nothing?".utf8),
                hmac: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            Vector(
                number: 3,
                key: Array(repeating: 0xaa, count: 20),
                message: Array(repeating: 0xdd, count: 50),
                hmac: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            Vector(
                number: 4,
                key: Array(1...25),
                message: Array(repeating: 0xcd, count: 50),
                hmac: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            Vector(
                number: 6,
                key: Array(repeating: 0xaa, count: 131),
                message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                hmac: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            Vector(
                number: 7,
                key: Array(repeating: 0xaa, count: 131),
                message: Array(
                    ("This is a test using a larger than block-size key and a larger than "
                        + "block-size data. The key needs to be hashed before being used by the "
                        + "HMAC algorithm.").utf8
                ),
                hmac: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
            ),
        ]
    }

    @Test(arguments: Vector.all)
    func `the vectors of RFC 4231 come out`(_ vector: Vector) {
        let key = SigningKey(id: "rfc", key: vector.key)
        #expect(key.signature(of: vector.message) == vector.hmac)
    }

    @Test(arguments: Vector.all)
    func `a message in pieces has the HMAC of the whole`(_ vector: Vector) {
        let key = SigningKey(id: "rfc", key: vector.key)
        let whole = key.hmac()
        whole.update(vector.message)
        let pieces = key.hmac()
        for (index, byte) in vector.message.enumerated() {
            switch index % 3 {
            case 0: pieces.update([byte])
            case 1: pieces.update(Data([byte]))
            default: unsafe pieces.update([byte].span.bytes)
            }
            pieces.update([UInt8]())
        }
        #expect(pieces.finalize() == whole.finalize())
    }

    @Test
    func `a key serves many threads at once`() async {
        let key = SigningKey(id: "shared", key: Array("s3cret".utf8))
        let message = [UInt8](repeating: 7, count: 8192)
        let expected = key.signature(of: message)
        let wrong = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<200).count { _ in key.signature(of: message) != expected } }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }

    @Test
    func `a key shows its id and nothing of its secret`() {
        let key = SigningKey(id: "2026-11", key: Array("s3cret".utf8))
        #expect("\(key)" == "SigningKey(2026-11)")
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("115") && !dumped.contains("s3cret"))
    }

    @Test
    func `an empty key stops the process`() async {
        await #expect(processExitsWith: .failure) { _ = SigningKey(id: "empty", key: []) }
    }
}
