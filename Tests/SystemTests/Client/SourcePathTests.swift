import Settings
import Testing

@testable import Ingress

@Suite
struct SourcePathTests {
    @Test(arguments: [
        ("/a", "a"), ("/a?", "a"), ("/a?x=/b", "a"), ("/a/b", "b"), ("/", nil), ("", nil),
        ("*", nil), ("/a/", nil), ("/A", nil), ("//a", nil), ("/a#x", nil), ("/a%2fb", nil),
        ("http://forge.example/a", "a"), ("HTTPS://forge.example:8443/a/b?x", "b"),
        ("http://forge.example", nil), ("http://forge.example?/a", nil), ("http:///a", "a"),
        ("ftp://forge.example/a", nil), ("http:/a", nil), ("a", nil),
    ])
    func `a target leads to the source with its path, or to none`(target: String, name: String?) {
        let sources = Sources(
            ["/a", "/a/b"].map { path in
                SourceSettings(
                    name: String(path.suffix(1)),
                    path: path,
                    secrets: [Secret(id: "a", file: "", key: [1])]
                )
            }
        )
        #expect(sources.source(at: target)?.name == name)
    }
}
