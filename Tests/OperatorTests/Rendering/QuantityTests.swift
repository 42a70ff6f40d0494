import Testing

@testable import Operator

@Suite
struct QuantityTests {
    @Test(
        arguments: [
            (Duration.microseconds(0), "0 ms"), (.microseconds(1_940), "1.9 ms"),
            (.microseconds(9_970), "10 ms"), (.milliseconds(350), "350 ms"),
            (.microseconds(999_600), "1.0 s"), (.milliseconds(4_249), "4.2 s"),
            (.milliseconds(59_960), "1 min"), (.seconds(185), "3 min 5 s"),
            (.seconds(7_500), "2 h 5 min"), (.seconds(3 * 86_400 + 4 * 3_600), "3 d 4 h"),
        ]
    )
    func `durations are said in the units people use`(duration: Duration, text: String) {
        #expect(Quantity.text(duration) == text)
    }

    @Test(
        arguments: [
            (0, "0 B"), (1_000, "1000 B"), (1_536, "1.5 KiB"), (12 << 20, "12 MiB"),
            (1_048_575, "1.0 MiB"), (5 << 50, "5120 TiB"),
        ]
    )
    func `sizes are said in powers of 1024`(bytes: Int64, text: String) {
        #expect(Quantity.text(bytes: bytes) == text)
    }
}
