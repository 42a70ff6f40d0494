import Testing

@testable import Settings

@Suite
struct LogSettingsTests {
    @Test
    func `without a section logs are as always`() throws {
        #expect(try load(ingressLine).log == LogSettings(format: .auto, level: .info))
    }

    @Test
    func `format and level are read`() throws {
        let settings = try load("\(ingressLine)\nlog: { format: json, level: debug }")
        #expect(settings.log == LogSettings(format: .json, level: .debug))
    }

    @Test(arguments: [
        ("log: { format: xml }", "2:16: log.format must be one of auto, text, json, not 'xml'"),
        (
            "log: { level: loud }",
            "2:15: log.level must be one of debug, info, warning, error, not 'loud'"
        ),
        ("log: { colour: yes }", "2:8: unknown key 'colour' in log; it may have format, level"),
        ("log: json", "2:6: log must be a mapping, not 'json'"),
    ])
    func `mistakes are told with their place`(line: String, message: String) throws {
        #expect(try mistakes("\(ingressLine)\n\(line)") == [message])
    }
}
