import Foundation
import Gitea
import Testing

@Suite
struct RecordingTests {
    @Test
    func `all recordings are there`() {
        #expect(Recording.all.count == 53)
    }

    @Test(arguments: Recording.all)
    func `a recording verifies with its secret`(_ recording: Recording) throws {
        let (headers, payload) = try recording.payload()
        #expect(headers.signatures.map(\.header) == [.gitea, .gogs, .hub])
        var check = SignatureCheck(presented: headers.signatures, keys: [Recording.key])
        // In pieces, as from a socket.
        for start in stride(from: 0, to: payload.count, by: 1000) {
            check.update(payload[start..<min(start + 1000, payload.count)])
        }
        #expect(check.finish() == .verified(keyID: "recorded"))
        #expect(check.finish() == .verified(keyID: "recorded"))
    }

    @Test(arguments: Recording.all)
    func `a recording with one flipped bit is wrong`(_ recording: Recording) throws {
        let (headers, payload) = try recording.payload()
        for position in [0, payload.count / 2, payload.count - 1] {
            var changed = payload
            changed[position] ^= 1
            var check = SignatureCheck(presented: headers.signatures, keys: [Recording.key])
            check.update(changed)
            #expect(check.finish() == .wrong)
        }
    }

    @Test(arguments: Recording.all)
    func `a recording is wrong under another secret`(_ recording: Recording) throws {
        let (headers, payload) = try recording.payload()
        let other = SigningKey(id: "other", key: Array("S3cret".utf8))
        var check = SignatureCheck(presented: headers.signatures, keys: [other])
        check.update(payload)
        #expect(check.finish() == .wrong)
    }

    @Test(arguments: Recording.all)
    func `a recording's headers are read`(_ recording: Recording) throws {
        let headers = try WebhookHeaders(recording.read().headers)
        #expect(UUID(uuidString: headers.deliveryID) != nil)
        #expect(headers.family == .gitea)
        #expect(headers.event == EventType.event(of: headers.eventType))
        #expect(recording.name.hasPrefix(headers.eventType))
        #expect(headers.contentType == (recording.name.hasSuffix("-form") ? .form : .json))
        #expect(headers.targetType == nil)
        #expect(headers.stored.count == 11)
    }

    @Test(arguments: Recording.all.filter { $0.name.hasSuffix("-form") })
    func `a form recording is not signed over its body`(_ recording: Recording) throws {
        let recorded = try recording.read()
        let headers = try WebhookHeaders(recorded.headers)
        var check = SignatureCheck(presented: headers.signatures, keys: [Recording.key])
        check.update(recorded.body)
        #expect(check.finish() == .wrong)
    }
}
