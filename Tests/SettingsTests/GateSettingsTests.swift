import Testing

@testable import Settings

@Suite
struct GateSettingsTests {
    @Test
    func `without the section, routes get what people do`() throws {
        let gates = try load(ingressLine).gates
        #expect(gates == GateSettings())
        #expect(gates.bots == .skip)
        #expect(gates.tests == .skip)
        #expect(gates.mirrors == .skip)
        #expect(gates.markers == ["samovar"])
        #expect(gates.loop == LoopSettings(events: 10, per: .seconds(3600)))
        #expect(gates.loop?.text == "10 events within 1h")
    }

    @Test(
        arguments: [
            ("{}", GateSettings()),
            ("{ bots: run }", GateSettings(bots: .run)),
            (
                "{ tests: run, mirrors: run, bots: skip }",
                GateSettings(tests: .run, mirrors: .run)
            ),
            ("{ markers: other-agent }", GateSettings(markers: ["other-agent"])),
            ("{ markers: [samovar, a.b] }", GateSettings(markers: ["samovar", "a.b"])),
            ("{ loop: none }", GateSettings(loop: nil)),
            ("{ loop: {} }", GateSettings()),
            ("{ loop: { events: 3 } }", GateSettings(loop: LoopSettings(events: 3))),
            (
                "{ loop: { events: 1000, per: 1d } }",
                GateSettings(loop: LoopSettings(events: 1000, per: .seconds(86_400)))
            ),
        ]
    )
    func `each gate has its word`(value: String, expected: GateSettings) throws {
        #expect(try load("\(ingressLine)\ngates: \(value)").gates == expected)
    }

    @Test(
        arguments: [
            ("skip", "2:8: gates must be a mapping, not 'skip'"),
            ("{ bot: skip }", "2:10: unknown key 'bot' in gates; did you mean 'bots'?"),
            (
                "{ bots: skipp }",
                "2:16: gates.bots must be one of skip, run, not 'skipp'; did you mean 'skip'?"
            ),
            ("{ tests: [run] }", "2:17: gates.tests must be one of skip, run, not a list"),
            ("{ mirrors: }", "2:19: gates.mirrors must be one of skip, run, not empty"),
            (
                "{ markers: [\"a b\"] }",
                "2:20: 'a b' is no name: use 1 to 64 of the characters A-Z a-z 0-9 . _ -"
            ),
            (
                "{ markers: [] }",
                "2:19: gates.markers must be a word or a list of words, not an empty list"
            ),
            (
                "{ loop: 10 }",
                "2:16: gates.loop must be none, or a mapping such as { events: 10, per: 1h }, "
                    + "not '10'"
            ),
            (
                "{ loop: { event: 3 } }",
                "2:18: unknown key 'event' in gates.loop; did you mean 'events'?"
            ),
            (
                "{ loop: { events: 0 } }",
                "2:26: gates.loop.events must be a whole number from 1 to 1000, not '0'"
            ),
            (
                "{ loop: { per: 59s } }",
                "2:23: gates.loop.per must be a duration from 1m to 1d, not '59s'"
            ),
        ]
    )
    func `mistakes are shown where they are`(value: String, message: String) throws {
        #expect(try mistakes("\(ingressLine)\ngates: \(value)") == [message])
    }

    // MARK: Shadows

    private static func routes(_ rest: String) -> String {
        """
        \(ingressLine)
        handlers: { h: { exec: [/bin/true] } }
        routes:
          - { name: r, on: push, run: h\(rest) }
        """
    }

    @Test(arguments: [("", RouteMode.run), (", mode: run", .run), (", mode: shadow", .shadow)])
    func `a route runs, or is only decided`(rest: String, mode: RouteMode) throws {
        #expect(try load(Self.routes(rest)).routes.map(\.mode) == [mode])
    }

    @Test
    func `another mode is a mistake`() throws {
        #expect(
            try mistakes(Self.routes(", mode: shadows"))
                == [
                    "4:40: routes[0].mode must be one of run, shadow, not 'shadows'; "
                        + "did you mean 'shadow'?"
                ]
        )
    }
}
