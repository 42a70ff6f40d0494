import Gitea
import Testing

@Suite
struct GitReferenceTests {
    @Test(arguments: [
        ("refs/heads/main", GitReference.branch("main")),
        ("refs/heads/refs/heads/x", .branch("refs/heads/x")),
        ("refs/tags/v1.0", .tag("v1.0")),
        ("refs/pull/3/head", .other("refs/pull/3/head")),
        ("refs/heads/", .other("refs/heads/")),
        ("refs/heads", .other("refs/heads")),
        ("main", .other("main")),
        ("", .other("")),
        ("REFS/heads/main", .other("REFS/heads/main")),
        ("refs/heads/\u{301}x", .branch("\u{301}x")),
    ])
    func `a full name is read and given back`(full: String, reference: GitReference) {
        #expect(GitReference(full: full) == reference)
        #expect(reference.full == full)
    }

    @Test
    func `only a branch has a branch's name`() {
        #expect(GitReference.branch("main").branch == "main")
        #expect(GitReference.tag("main").branch == nil)
        #expect(GitReference.other("main").branch == nil)
    }
}
