import GRDB
import TestSupport
import Foundation
import Gitea
import Testing

@Suite
struct SecretTests {
    @Test
    func `any active secret verifies, and the row tells which one did`() async throws {
        let secrets = [("new", "a fresh and long secret"), ("old", "s3cret"), ("older", "x")]
        try await Site.with(SiteSettings(secrets: secrets)) { site in
            let ingress = try site.startIngress()
            for (id, secret) in secrets {
                let key = SigningKey(id: "sender", key: Array(secret.utf8))
                let seq = try ingress.accept(Request(key: key))
                let verifiedBy = try site.reader.text(
                    "SELECT verified_by FROM delivery WHERE seq = ?",
                    [seq]
                )
                #expect(verifiedBy == id)
            }
            let key = SigningKey(id: "sender", key: Array("retired".utf8))
            #expect(try ingress.send(Request(key: key)).status == 401)
        }
    }

    @Test
    func `form bodies are verified by any active secret too`() async throws {
        let secrets = [("new", "a fresh and long secret"), ("old", "s3cret")]
        try await Site.with(SiteSettings(secrets: secrets)) { site in
            let ingress = try site.startIngress()
            let forms = try Recording.all().filter { $0.name.hasSuffix("-form.http") }
            try #require(forms.count == 2)
            for form in forms {
                let seq = try ingress.accept(Request(form.delivery))
                let row = try site.reader.rows("SELECT * FROM delivery WHERE seq = ?", [seq]).first
                #expect(row?["verified_by"] == "old")
                #expect(row?["content_type"] == "application/x-www-form-urlencoded")
                #expect(row?["body"] == form.delivery.body)
            }
            let noPayload = Request(body: Data("other=1".utf8)).with {
                $0.set("Content-Type", "application/x-www-form-urlencoded")
            }
            #expect(try ingress.send(noPayload).status == 401)
        }
    }
}
