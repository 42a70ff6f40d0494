import Foundation
import Gitea

/// The payload of a delivery, and its event type.
struct RecordedBody {
    var type: String
    var payload: Data

    /// The recordings in a folder.
    static func all(in folder: String) throws -> [RecordedBody] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let bodies = try names.filter { $0.hasSuffix(".http") }.compactMap { name in
            let file = URL(fileURLWithPath: folder).appendingPathComponent(name)
            let recorded = try RecordedDelivery.parse(Data(contentsOf: file))
            let headers = try WebhookHeaders(recorded.headers)
            return SignedBytes.of(body: recorded.body, contentType: headers.contentType).map {
                RecordedBody(type: headers.eventType, payload: $0)
            }
        }
        guard !bodies.isEmpty else { throw BenchmarkError.noRecordings(folder) }
        return bodies
    }

    /// The same with one more member, a list of users as Gitea writes them, so that it has as much
    /// to read in each byte as before; the last bytes are spaces.
    func filled(to bytes: Int) -> RecordedBody {
        var text = payload
        while text.last != UInt8(ascii: "}") { text.removeLast() }
        text.removeLast()
        text.append(contentsOf: #","filler": ["#.utf8)
        var separator = ""
        while text.count + Self.user.utf8.count + separator.utf8.count + 2 <= bytes {
            text.append(contentsOf: (separator + Self.user).utf8)
            separator = ","
        }
        text.append(contentsOf: "]}".utf8)
        text.append(Data(repeating: UInt8(ascii: " "), count: max(0, bytes - text.count)))
        return RecordedBody(type: type, payload: Data(text))
    }

    /// What filling adds at least.
    static let fillerLeast = 16

    private static let user = """

            {
              "id": 7,
              "login": "user",
              "full_name": "",
              "email": "user@noreply.example.org",
              "avatar_url": "https://gitea.example.org/avatars/c7ef2885cabb621758250ef47f83d518",
              "is_admin": false,
              "created": "2026-11-21T03:46:22Z",
              "visibility": "public",
              "followers_count": 0
            }
        """
}

/// A body that is as large as bodies may be.
struct LargeBody {
    var name: String
    var body: RecordedBody

    static func all(bytes: Int) -> [LargeBody] {
        [paths(bytes), comment(bytes)]
    }

    /// A push that names as many files as fit.
    private static func paths(_ bytes: Int) -> LargeBody {
        var text = Data(
            #"{"ref":"refs/heads/x","before":"a","after":"b","commits":[{"added":["first""#.utf8
        )
        text.reserveCapacity(bytes)
        var number = 0
        while text.count < bytes - 256 {
            text.append(contentsOf: ",\n \"some/folder/of/the/repository/file-\(number).txt\"".utf8)
            number += 1
        }
        text.append(
            contentsOf: #"]}],"repository":{"id":1,"full_name":"a/b","default_branch":"main"}}"#
                .utf8
        )
        return LargeBody(
            name: "a push of many paths",
            body: RecordedBody(type: "push", payload: text)
        )
    }

    /// A comment of one long text with escapes.
    private static func comment(_ bytes: Int) -> LargeBody {
        var text = Data(
            #"{"action":"created","is_pull":false,"issue":{"number":1},"comment":{"body":""#.utf8
        )
        text.reserveCapacity(bytes)
        while text.count < bytes - 256 {
            text.append(contentsOf: #"A line of a \"log\", as people paste it.\n"#.utf8)
        }
        text.append(contentsOf: #""},"repository":{"id":1,"full_name":"a/b"}}"#.utf8)
        return LargeBody(
            name: "a long comment",
            body: RecordedBody(type: "issue_comment", payload: text)
        )
    }
}
