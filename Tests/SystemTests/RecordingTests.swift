import GRDB
import Foundation
import Gitea
import TestSupport
import Testing

@Suite
struct RecordingTests {
    @Test
    func `every recording is accepted, stored byte for byte, and its job runs`() async throws {
        let recordings = try Recording.all()
        try #require(recordings.count == 53)
        let note = SiteSettings.Handler(
            name: "note",
            command: ["note"],
            options: ["stdin: payload"]
        )
        try await Site.with(SiteSettings(sections: ["gates: { tests: run }"], handlers: [note])) {
            site in
            try site.script("note", noteDigest)
            let ingress = try site.startIngress()
            try site.startWorker()
            let stored = try recordings.map { recording in
                let request = Request(recording.delivery)
                let reply = try ingress.send(request)
                #expect(reply.status == 202, "\(recording.name): \(reply.text)")
                #expect(reply.headers["content-type"] == "application/json")
                let stored = try Stored(reply)
                #expect(stored.status == "accepted")
                #expect(stored.delivery == request.id, "\(recording.name)")
                return stored
            }
            #expect(stored.map(\.seq) == Array(1...53))
            for (recording, stored) in zip(recordings, stored) {
                try expectRow(of: recording, seq: stored.seq, in: site)
            }

            try site.awaitQuiet()
            let digests = recordings.map { digest(of: $0) }
            // The same bytes under another id are a repeat: their job has run.
            var seen: Set<String> = []
            let noted = zip(stored, digests).filter { seen.insert($1).inserted }
                .map { "\($0.delivery) \($1)" }
            #expect(site.lines("noted").sorted() == noted.sorted())
            #expect(
                try site.reader.number("SELECT count(*) FROM routing WHERE verdict = 'repeat'")
                    == digests.count - noted.count
            )
            #expect(
                try site.reader.texts("SELECT payload_sha256 FROM routing ORDER BY delivery")
                    == digests
            )
            #expect(
                try site.reader.texts("SELECT DISTINCT state || attempt FROM job") == ["done1"]
            )
        }
    }

    @Test
    func `every recording sent again is a duplicate with the first seq and no second job`()
        async throws
    {
        let recordings = try Recording.all()
        let note = SiteSettings.Handler(
            name: "note",
            command: ["note"],
            options: ["stdin: payload"]
        )
        try await Site.with(SiteSettings(sections: ["gates: { tests: run }"], handlers: [note])) {
            site in
            try site.script("note", noteDigest)
            let ingress = try site.startIngress()
            try site.startWorker()
            let first = try recordings.map { try Stored(ingress.send(Request($0.delivery))) }
            for (recording, first) in zip(recordings, first) {
                let reply = try ingress.send(Request(recording.delivery))
                #expect(reply.status == 200, "\(recording.name): \(reply.text)")
                var expected = first
                expected.status = "duplicate"
                #expect(try Stored(reply) == expected)
            }
            try site.awaitQuiet()
            #expect(try site.deliveries == 53)
            let bodies = Set(recordings.map { digest(of: $0) }).count
            #expect(try site.reader.number("SELECT count(*) FROM job") == bodies)
            #expect(try site.reader.number("SELECT sum(count) FROM delivery_repeat") == 53)
            #expect(site.lines("noted").count == bodies)
        }
    }

    @Test
    func `every recording with one flipped byte is refused and not stored`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            for (index, recording) in try Recording.all().enumerated() {
                let request = Request(recording.delivery)
                // Each from an address of its own: who fails often gets another answer.
                let client = UInt32(2 + index)
                // In a form body the first and the last byte may lie outside of what is signed.
                for position in [request.body.count / 3, request.body.count / 2] {
                    let reply = try ingress.send(
                        request.with { $0.body[position] ^= 1 },
                        client: client
                    )
                    #expect(reply.status == 401, "\(recording.name) at \(position)")
                }
            }
            #expect(try site.deliveries == 0)
            #expect(try site.reader.number("SELECT count(*) FROM routing") == 0)
        }
    }

    private func expectRow(of recording: Recording, seq: Int, in site: Site) throws {
        let name = Comment(rawValue: recording.name)
        let request = Request(recording.delivery)
        let row = try #require(
            try site.reader.rows("SELECT * FROM delivery WHERE seq = ?", [seq]).first,
            name
        )
        #expect(row["body"] as Data == request.body, name)
        #expect(row["source"] == "default", name)
        #expect(row["delivery_id"] == request.header("X-Gitea-Delivery"), name)
        #expect(row["event"] == request.header("X-Gitea-Event"), name)
        #expect(row["event_type"] == request.header("X-Gitea-Event-Type"), name)
        #expect(row["target_type"] as String? == nil, name)
        #expect(row["content_type"] == request.header("Content-Type"), name)
        #expect(row["remote"] == "127.0.0.1", name)
        #expect(row["verified_by"] == "test", name)

        let headers = try JSONDecoder()
            .decode([String: String].self, from: Data((row["headers"] as String).utf8))
        let own = request.headers.filter { header in
            let name = header.name.lowercased()
            return !name.contains("signature") && name != "accept-encoding"
        }
        #expect(
            headers == Dictionary(uniqueKeysWithValues: own.map { ($0.name, $0.value) }),
            name
        )
    }

    private func digest(of recording: Recording) -> String {
        let isForm = recording.name.hasSuffix("-form.http")
        let payload = SignedBytes.of(
            body: recording.delivery.body,
            contentType: isForm ? .form : .json
        )
        return SHA256.hex(of: payload ?? Data())
    }

    /// Notes the delivery with the digest of what came on standard input.
    private let noteDigest = """
        digest=$(sha256sum)
        echo "$SAMOVAR_DELIVERY ${digest%% *}" >> noted
        """
}
