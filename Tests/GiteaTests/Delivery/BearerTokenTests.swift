import Gitea
import Testing

@Suite
struct BearerTokenTests {
    private let token = BearerToken(Array("s3cr3t-token".utf8))

    @Test(arguments: [
        "Bearer s3cr3t-token", "bearer s3cr3t-token", "BEARER   s3cr3t-token",
        " Bearer s3cr3t-token\t",
    ])
    func `the token is shown whatever the scheme's case`(value: String) {
        #expect(token.isShown(in: value))
    }

    @Test(arguments: [
        "", "Bearer", "Bearer ", "s3cr3t-token", "Basic s3cr3t-token", "Bearers3cr3t-token",
        "Bearer s3cr3t-toke", "Bearer s3cr3t-token2", "Bearer S3cr3t-token", "Bearer s3cr3t token",
        "Bearer \u{0}3cr3t-token",
    ])
    func `anything else does not show it`(value: String) {
        #expect(!token.isShown(in: value))
    }

    @Test
    func `a description does not show it`() {
        #expect(!String(describing: token).contains("s3cr3t"))
        #expect(!String(reflecting: token).contains("s3cr3t"))
    }
}
