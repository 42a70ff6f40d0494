import Gitea
import Testing

@Suite
struct RandomBytesTests {
    @Test(arguments: [1, 16, 32, 100])
    func `random text has two lower-case digits for each byte`(count: Int) throws {
        let text = try RandomBytes.hex(count: count)
        #expect(text.utf8.count == 2 * count)
        #expect(text.allSatisfy { "0123456789abcdef".contains($0) })
    }

    @Test
    func `random text is new each time`() throws {
        let texts = try (0..<100).map { _ in try RandomBytes.hex(count: 16) }
        #expect(Set(texts).count == texts.count)
    }
}
