import Foundation
import Gitea
import Program
import Settings
import Testing

@testable import Operator

/// Whose secret signs, and who gets the bearer token.
@Suite
struct SendTargetTests {
    private static func source(_ name: String, _ path: String) -> SourceSettings {
        SourceSettings(
            name: name,
            path: path,
            secrets: [Secret(id: "of-\(name)", file: "/\(name)", key: Array(name.utf8))],
            bearer: SourceBearer(file: "/\(name).token", token: Array("token".utf8))
        )
    }

    private let ingress = IngressSettings(sources: [
        source("first", "/hooks"), source("in", "/in"), source("mirror", "/mirror/in"),
    ])

    private func target(_ source: String?, _ url: String?) throws -> SendTarget {
        try SendTarget(SendTarget.Choice(source: source, url: url, of: ingress))
    }

    @Test(
        arguments: [
            (nil, nil, "first", "http://127.0.0.1:8480/hooks", true),
            ("in", nil, "in", "http://127.0.0.1:8480/in", true),
            (nil, "http://h/mirror/in", "mirror", "http://h/mirror/in", true),
            (nil, "http://h/in?a=/hooks", "in", "http://h/in?a=/hooks", true),
            ("in", "http://h/front", "in", "http://h/front", true),
            (nil, "http://h/front", "first", "http://h/front", false),
        ]
    )
    func `the source is named, found by its path, or the first`(
        name: String?,
        url: String?,
        source: String,
        address: String,
        hasBearer: Bool
    ) throws {
        let target = try target(name, url)
        #expect(target.url == address)
        #expect(target.key.id == "of-\(source)")
        #expect(target.bearer?.file == (hasBearer ? "/\(source).token" : nil))
    }

    @Test
    func `a source that is not there is told with those that are`() throws {
        let failure = #expect(throws: Failure.self) { try target("out", nil) }
        #expect(failure?.status == .notFound)
        #expect(failure?.hint == "There is: first, in, mirror.")
    }

    @Test
    func `with a secret of its own the token is read from its file`() async throws {
        try await TemporaryFolder.with { folder async throws in
            let secret = try folder.write("a.secret", "s3cret\n")
            var source = Self.source("first", "/hooks")
            source.bearer = SourceBearer(file: try folder.write("token", "abc\n"), token: [])
            let ingress = IngressSettings(sources: [source])
            let choice = try SendTarget.Choice(source: nil, url: nil, of: ingress)
            let target = try SendTarget(choice, secretFile: secret)
            #expect(target.key.id == "file")
            #expect(target.bearer?.token == Array("abc".utf8))
            #expect(target.bearerName.contains("/token"))
        }
    }

    @Test
    func `an answer is told without the line break at its end`() {
        let answer = IngressClient.Answer(
            status: 401,
            body: "{\"status\":\"error\"}\n",
            duration: .zero
        )
        #expect(answer.text == #"{"status":"error"}"#)
    }
}
