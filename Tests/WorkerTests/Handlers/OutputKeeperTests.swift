import Foundation
import QueueCore
import Testing

@testable import Worker

@Suite
struct OutputKeeperTests {
    private static let head = OutputKeeper.headBytes
    private static let tail = OutputKeeper.tailBytes

    static let sizes = [
        1, 2, head - 1, head, head + 1, head + tail - 1, head + tail, head + tail + 1,
        head + tail + 2, head + 2 * tail, head + 2 * tail + 1, head + 3 * tail, 1_000_000,
    ]

    @Test(arguments: sizes, [1, 7, 4096, 65_536, 1_000_000])
    func `the first and the last are kept, and what is left out is counted`(
        size: Int,
        part: Int
    ) throws {
        let printed = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        // Byte by byte is tried with the small ones only.
        guard part > 1 || size < 200_000 else { return }
        var keeper = OutputKeeper()
        for start in stride(from: 0, to: size, by: part) {
            keeper.append(printed[start..<min(start + part, size)])
        }
        let output = try #require(keeper.output)
        #expect(output.bytes == Int64(size))
        let leftOut = size - Self.head - Self.tail
        if leftOut <= 0 {
            #expect(output.kept == Data(printed))
            return
        }
        let gap = "\n[samovar: \(leftOut) bytes left out]\n"
        let expected =
            Data(printed.prefix(Self.head)) + Data(gap.utf8) + Data(printed.suffix(Self.tail))
        #expect(output.kept == expected)
    }

    @Test
    func `nothing printed is nothing kept`() {
        var keeper = OutputKeeper()
        #expect(keeper.output == nil)
        keeper.append([])
        #expect(keeper.output == nil)
    }
}
