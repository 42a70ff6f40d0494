import Testing

@testable import Program

@Suite
struct TerminalControlTests {
    static let obeyed: [UInt32] = [
        0x07, 0x1B, 0x7F, 0x85, 0x9B, 0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202E, 0x2069,
    ]

    @Test(arguments: obeyed)
    func `what a terminal obeys is shown in a message`(value: UInt32) throws {
        let scalar = try #require(Unicode.Scalar(value))
        #expect(scalar.steersTerminal)
        #expect("a\(scalar)b".showingControls() == "a\\u{\(String(value, radix: 16))}b")
    }

    @Test
    func `letters of all scripts stay, and so does what is asked to be kept`() {
        let text = "Grüße, שלום, مرحبا 🫖\u{200B}"
        #expect(text.showingControls() == text)
        #expect("a\nb\tc\r".showingControls(keeping: ["\n", "\t"]) == "a\nb\tc\\r")
    }
}
