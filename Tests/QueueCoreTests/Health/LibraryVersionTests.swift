import QueueCore
import Testing

@Suite
struct LibraryVersionTests {
    @Test(
        arguments: [
            ("3.6.23", false), ("3.7.0", true), ("3.40.1", true), ("3.44.5", true),
            ("3.44.6", false), ("3.45.0", true), ("3.50.6", true), ("3.50.7", false),
            ("3.51.0", true), ("3.51.2", true), ("3.51.3", false), ("3.52.0", false),
            ("4.0.0", false),
        ]
    )
    func `versions with the WAL-reset bug are known`(text: String, isBad: Bool) throws {
        #expect(try #require(LibraryVersion(text)).hasResetBug == isBad)
        #expect(LibraryVersion.diagnosis(of: text).level == (isBad ? .note : .ok))
    }

    @Test(arguments: ["", "3", "3.x.1", "three.forty.one"])
    func `what is no version is a note`(text: String) {
        #expect(LibraryVersion(text) == nil)
        #expect(LibraryVersion.diagnosis(of: text).level == .note)
    }
}
