/// How often something can be done, one after the other, on one core.
struct Pace {
    private(set) var count = 0
    private var took = Duration.zero

    var perSecond: Double { Double(count) / (took / .seconds(1)) }
    var microsecondsEach: Double { took / .microseconds(1) / Double(count) }

    /// Does it for so long, after a tenth of that to warm up.
    init(seconds: Int, _ step: (_ round: Int) -> Void) {
        let clock = ContinuousClock()
        let warm = clock.now + .milliseconds(seconds * 100)
        var round = 0
        while clock.now < warm {
            step(round)
            round += 1
        }
        let start = clock.now
        while took < .seconds(seconds) {
            for _ in 0..<Self.roundsBetweenLooks {
                step(round)
                round += 1
            }
            count += Self.roundsBetweenLooks
            took = clock.now - start
        }
    }

    private static let roundsBetweenLooks = 100
}
