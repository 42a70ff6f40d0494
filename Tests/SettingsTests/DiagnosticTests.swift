import Testing

@testable import Settings

@Suite
struct DiagnosticTests {
    @Test
    func `a diagnostic prints as compilers print it`() {
        let diagnostic = Diagnostic(file: "samovar.yaml", line: 12, column: 5, message: "message")
        #expect(diagnostic.description == "samovar.yaml:12:5: message")
    }

    @Test
    func `a diagnostic about the whole file has no place`() {
        #expect(Diagnostic(file: "a.yaml", message: "is empty").description == "a.yaml: is empty")
    }

    @Test
    func `an error has one line for each mistake`() {
        let error = ConfigurationError([
            Diagnostic(file: "a", line: 1, column: 2, message: "one"),
            Diagnostic(file: "a", message: "two"),
        ])
        #expect(error.description == "a:1:2: one\na: two")
        #expect(!error.isTransient)
    }

    @Test
    func `an error without a mistake is a bug`() async {
        await #expect(processExitsWith: .failure) {
            _ = ConfigurationError([])
        }
    }
}
