import Testing

@testable import Settings

@Suite
struct ByteSizeTextTests {
    @Test(arguments: [
        ("0", 0), ("4096", 4_096), ("512KiB", 524_288), ("32MiB", 33_554_432),
        ("1GiB", 1_073_741_824), ("10KB", 10_000), ("2MB", 2_000_000), ("1gb", 1_000_000_000),
        ("32 mib", 33_554_432), ("9999999999999GiB", .max),
    ])
    func `a size is read`(text: String, size: Int) throws {
        #expect(try ByteSizeText.parse(text) == size)
    }

    @Test(arguments: ["much", "MiB", "1.5MiB", "-1", "32M", "1 000", "99999999999999999999"])
    func `what is no size is refused`(text: String) {
        #expect(throws: UnfitText("must be a size such as 512KiB or 32MiB, not '\(text)'")) {
            try ByteSizeText.parse(text)
        }
    }

    @Test(arguments: [(1_024, "1KiB"), (1 << 30, "1GiB"), (1_000, "1000"), (1_536, "1536")])
    func `a size is written in the largest unit that fits`(size: Int, text: String) {
        #expect(ByteSizeText.text(of: size) == text)
    }
}
