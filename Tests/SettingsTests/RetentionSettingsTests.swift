import Testing

@testable import Settings

@Suite
struct RetentionSettingsTests {
    private static let day = Duration.seconds(86_400)

    @Test
    func `without the section, bodies are kept 30 days, jobs 90, deliveries a year`() throws {
        #expect(
            try load(ingressLine).retention
                == RetentionSettings(
                    bodies: Self.day * 30,
                    jobs: Self.day * 90,
                    deliveries: Self.day * 365
                )
        )
    }

    @Test(
        arguments: [
            (
                "{ bodies: 1h, jobs: 8d, deliveries: 8d }",
                RetentionSettings(bodies: .seconds(3600), jobs: day * 8, deliveries: day * 8)
            ),
            ("{ deliveries: forever }", RetentionSettings(deliveries: nil)),
            (
                "{ jobs: \"forever\", deliveries: forever }",
                RetentionSettings(jobs: nil, deliveries: nil)
            ),
            (
                "{ bodies: forever, jobs: forever, deliveries: forever }",
                RetentionSettings(bodies: nil, jobs: nil, deliveries: nil)
            ),
            ("{ deliveries: 36500d }", RetentionSettings(deliveries: day * 36_500)),
        ]
    )
    func `each part is a duration, or forever`(
        value: String,
        expected: RetentionSettings
    ) throws {
        #expect(try load("\(ingressLine)\nretention: \(value)").retention == expected)
    }

    @Test(
        arguments: [
            (
                "{ bodies: 59m }",
                "2:22: retention.bodies must be a duration from 1h to 36500d, or forever, not '59m'"
            ),
            (
                "{ jobs: 7d }",
                "2:20: retention.jobs must be a duration from 8d to 36500d, or forever, not '7d'"
            ),
            (
                "{ deliveries: 36501d }",
                "2:26: retention.deliveries must be a duration from 8d to 36500d, or forever, "
                    + "not '36501d'"
            ),
            ("{ jobs: 90 }", "2:20: retention.jobs needs a unit such as h or d: '90d'"),
            ("{ bodies: 10 }", "2:22: retention.bodies needs a unit such as h or d: '10d'"),
            // With the unit of most it would be too little.
            ("{ jobs: 7 }", "2:20: retention.jobs needs a unit such as h or d"),
            (
                "{ jobs: never }",
                "2:20: retention.jobs must be a duration such as 30d, or forever, not 'never'"
            ),
            (
                "{ jobs: }",
                "2:20: retention.jobs must be a duration such as 30d, or forever, not empty"
            ),
            ("{ logs: 1d }", "2:14: unknown key 'logs' in retention; did you mean 'jobs'?"),
        ]
    )
    func `what is neither is refused`(value: String, message: String) throws {
        #expect(try mistakes("\(ingressLine)\nretention: \(value)") == [message])
    }

    @Test(
        arguments: [
            (
                "{ bodies: 20d, jobs: 10d }",
                "2:33: retention.jobs (10d) must not be less than retention.bodies (20d)"
            ),
            (
                "{ jobs: 10d }",
                "2:20: retention.jobs (10d) must not be less than retention.bodies (30d, the default)"
            ),
            (
                "{ bodies: 100d }",
                "2:22: retention.jobs (90d, the default) must not be less than "
                    + "retention.bodies (100d)"
            ),
            (
                "{ jobs: forever }",
                "2:20: retention.deliveries (365d, the default) must not be less than "
                    + "retention.jobs (forever)"
            ),
        ]
    )
    func `a row is kept at least as long as what belongs to it`(
        value: String,
        message: String
    ) throws {
        #expect(try mistakes("\(ingressLine)\nretention: \(value)") == [message])
    }
}
