import Foundation
import Gitea
import Testing

@Suite
struct SignatureCheckTests {
    /// Signature headers of one request and what they prove.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let headers: [(name: String, value: String)]
        let verdict: SignatureVerdict

        init(_ name: String, _ headers: [(String, String)], _ verdict: SignatureVerdict) {
            testDescription = name
            self.headers = headers.map { (name: $0.0, value: $0.1) }
            self.verdict = verdict
        }
    }

    private static let body = Data(#"{"action":"opened"}"#.utf8)
    private static let keys = [
        SigningKey(id: "new", key: Array("s3cret".utf8)),
        SigningKey(id: "old", key: Array("an older secret".utf8)),
    ]

    // From Python's hmac module.
    private static let new = "3ef76f8f67c2839504b3534592c6f42cabaa13dca21ed349ad19be2f2124b158"
    private static let old = "cf7dc8909714d3a45b51f24fe34afb5af29a39087b85ba138fe53eb8a4a37bd7"
    private static let sha1 = "88f970e17c68c117254156e930bd19df638f28f7"
    private static let byNew = SignatureVerdict.verified(keyID: "new")
    private static let byOld = SignatureVerdict.verified(keyID: "old")

    private static let gitea = "X-Gitea-Signature"
    private static let forgejo = "X-Forgejo-Signature"
    private static let gogs = "X-Gogs-Signature"
    private static let hub = "X-Hub-Signature-256"

    private static func all(_ digest: String) -> [(String, String)] {
        [(gitea, digest), (forgejo, digest), (gogs, digest), (hub, "sha256=" + digest)]
    }

    /// The digest with its last digit changed.
    private static func flipped(_ digest: String) -> String {
        digest.dropLast() + (digest.hasSuffix("0") ? "1" : "0")
    }

    static let right: [Case] = [
        Case("Gitea's alone", [(gitea, new)], byNew),
        Case("Forgejo's alone", [(forgejo, new)], byNew),
        Case("Gogs' alone", [(gogs, new)], byNew),
        Case("GitHub's alone", [(hub, "sha256=" + new)], byNew),
        Case("all four", all(new), byNew),
        Case("all four under the second key", all(old), byOld),
        Case("Gitea's under the second key", [(gitea, old)], byOld),
        Case("GitHub's under the second key", [(hub, "sha256=" + old)], byOld),
        Case("Gitea's in upper case", [(gitea, new.uppercased())], byNew),
        Case("GitHub's digits in upper case", [(hub, "sha256=" + new.uppercased())], byNew),
        Case("upper and lower case together", [(gitea, new.uppercased()), (gogs, new)], byNew),
        Case("header name in lower case", [("x-gitea-signature", new)], byNew),
        Case("header name in upper case", [("X-HUB-SIGNATURE-256", "sha256=" + new)], byNew),
        Case("spaces around the value", [(gitea, " \(new)\t")], byNew),
        Case("one repeated", [(gitea, new), (gitea, new)], byNew),
        Case("Gitea's with an empty Forgejo", [(gitea, new), (forgejo, "")], byNew),
        Case("Gitea's with an empty GitHub", [(gitea, new), (hub, "sha256=")], byNew),
        Case("one repeated, once empty", [(gitea, ""), (gitea, new)], byNew),
        Case(
            "GitHub's with empty others",
            [(gitea, ""), (gogs, ""), (hub, "sha256=" + new)],
            byNew
        ),
        Case(
            "a SHA-1 beside it, ignored",
            [(gitea, new), ("X-Hub-Signature", "sha1=junk")],
            byNew
        ),
        Case("a header of a similar name", [(gitea, new), ("X-GitHub-Signature", "junk")], byNew),
        Case("a longer name, ignored", [(gitea, new), ("X-Gitea-Signature-2", "junk")], byNew),
    ]

    static let wrong: [Case] = [
        Case("Gitea's, last digit changed", [(gitea, flipped(new))], .wrong),
        Case("Forgejo's, last digit changed", [(forgejo, flipped(new))], .wrong),
        Case("Gogs', last digit changed", [(gogs, flipped(new))], .wrong),
        Case("GitHub's, last digit changed", [(hub, "sha256=" + flipped(new))], .wrong),
        Case("Gitea's disagrees", [(gitea, flipped(new))] + all(new).dropFirst(), .wrong),
        Case("GitHub's disagrees", all(new).dropLast() + [(hub, "sha256=" + old)], .wrong),
        Case("Forgejo's disagrees", all(new) + [(forgejo, flipped(new))], .wrong),
        Case("two under different keys", [(gitea, new), (gogs, old)], .wrong),
        Case("repeated under different keys", [(gitea, new), (gitea, old)], .wrong),
        Case("repeated, once wrong", [(gogs, new), (gogs, flipped(new))], .wrong),
        Case("repeated, once wrong, first", [(gogs, flipped(new)), (gogs, new)], .wrong),
        Case("two in one header", [(gitea, "\(new), \(new)")], .wrong),
        Case("63 digits", [(gitea, String(new.dropLast()))], .wrong),
        Case("65 digits", [(gitea, new + "0")], .wrong),
        Case("128 digits", [(gitea, new + new)], .wrong),
        Case("63 digits after sha256=", [(hub, "sha256=" + new.dropLast())], .wrong),
        Case("65 digits after sha256=", [(hub, "sha256=" + new + "0")], .wrong),
        Case("junk", [(gitea, "junk")], .wrong),
        Case("64 characters, one no digit", [(gitea, new.dropLast() + "g")], .wrong),
        Case("64 characters, one not ASCII", [(gitea, new.dropLast(2) + "é")], .wrong),
        Case("a 0x in front", [(gitea, "0x" + new.dropLast(2))], .wrong),
        Case("a space inside", [(gitea, new.prefix(31) + " " + new.suffix(32))], .wrong),
        Case("zeros", [(gitea, String(repeating: "0", count: 64))], .wrong),
        Case("a prefix where none belongs", [(gitea, "sha256=" + new)], .wrong),
        Case("GitHub's without its prefix", [(hub, new)], .wrong),
        Case("GitHub's with sha1=", [(hub, "sha1=" + new)], .wrong),
        Case("GitHub's prefix alone, cut", [(hub, "sha256")], .wrong),
        Case("GitHub's with a space", [(hub, "sha256= " + new)], .wrong),
        Case("a SHA-1 as Gitea's", [(gitea, sha1)], .wrong),
        Case("junk beside three right ones", [(gitea, "junk")] + all(new).dropFirst(), .wrong),
    ]

    static let unsigned: [Case] = [
        Case("no header at all", [], .unsigned),
        Case("SHA-1 only", [("X-Hub-Signature", "sha1=" + sha1)], .unsigned),
        Case("Gitea's empty", [(gitea, "")], .unsigned),
        Case("Gitea's only spaces", [(gitea, "  ")], .unsigned),
        Case("GitHub's empty", [(hub, "")], .unsigned),
        Case("GitHub's only sha256=", [(hub, "sha256=")], .unsigned),
        Case("GitHub's only sha256= and spaces", [(hub, "sha256=  ")], .unsigned),
        Case(
            "as Gitea sends it without a secret",
            [(gitea, ""), (gogs, ""), ("X-Hub-Signature", "sha1="), (hub, "sha256=")],
            .unsigned
        ),
        Case("only one of GitHub's family", [("X-GitHub-Signature", new)], .unsigned),
    ]

    @Test(arguments: right + wrong + unsigned)
    func `signatures prove what they should`(_ item: Case) throws {
        #expect(try Self.verdict(of: item.headers, keys: Self.keys) == item.verdict)
    }

    @Test(arguments: right + wrong)
    func `nothing verifies without a key`(_ item: Case) throws {
        #expect(try Self.verdict(of: item.headers, keys: []) == .wrong)
    }

    @Test(arguments: unsigned)
    func `what is unsigned is unsigned without a key too`(_ item: Case) throws {
        #expect(try Self.verdict(of: item.headers, keys: []) == .unsigned)
    }

    @Test
    func `the first key that fits is named`() throws {
        let again = SigningKey(id: "again", key: Array("s3cret".utf8))
        let verdict = try Self.verdict(
            of: [(name: Self.gitea, value: Self.new)],
            keys: [again] + Self.keys
        )
        #expect(verdict == .verified(keyID: "again"))
    }

    @Test
    func `a signature's description has no digit of it`() throws {
        let signature = try #require(PresentedSignature(header: .gitea, value: Self.new))
        var dumped = "\(signature)"
        dump(signature, to: &dumped)
        #expect(dumped.contains("X-Gitea-Signature"))
        #expect(!dumped.contains("digest"))
    }

    private static func verdict(
        of signatures: [(name: String, value: String)],
        keys: [SigningKey]
    ) throws -> SignatureVerdict {
        let others = [
            (name: "Content-Type", value: "application/json"),
            (name: "X-Gitea-Delivery", value: "1"),
            (name: "X-Gitea-Event", value: "issues"),
        ]
        let headers = try WebhookHeaders(others + signatures)
        var check = SignatureCheck(presented: headers.signatures, keys: keys)
        check.update(body.prefix(5))
        check.update(body.dropFirst(5))
        return check.finish()
    }
}
