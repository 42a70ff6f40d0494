import Testing

@testable import Settings

@Suite
struct TrustSettingsTests {
    @Test
    func `nobody is an owner by default, and answers count for five minutes`() throws {
        #expect(try load(ingressLine).trust == TrustSettings(cache: .seconds(300)))
    }

    @Test
    func `owners and bots are ids`() throws {
        let yaml = "trust: { owners: [29, 9223372036854775807], bots: [41], cache: 0s }"
        #expect(
            try load("\(ingressLine)\n\(yaml)").trust
                == TrustSettings(owners: [29, .max], bots: [41], cache: .zero)
        )
    }

    private static let place = "see \"id\" in GET /api/v1/users/NAME"

    @Test(arguments: ["anna", "a29", "-1", "0", "1.5", "0x1d", "9223372036854775808", "2_9"])
    func `names are no ids`(value: String) throws {
        #expect(
            try mistakes("\(ingressLine)\ntrust: { owners: [7, \(value)] }") == [
                "2:22: trust.owners[1] must be a numeric user id, not '\(value)': "
                    + "names change hands; \(Self.place)"
            ]
        )
    }

    @Test(arguments: [
        ("owners: 29", "2:18: trust.owners must be a list of numeric user ids, not '29'"),
        ("owners: [[]]", "2:19: trust.owners[0] must be a numeric user id, not a list"),
        ("owners: [29, 29]", "2:23: trust.owners[1]: 29 is in the list twice"),
        (
            "owners: [29], bots: [41, 29]",
            "2:35: trust.bots[1]: 29 is in trust.owners as well; a bot is no owner"
        ),
        ("cache: 2h", "2:17: trust.cache must be a duration from 0s to 1h, not '2h'"),
        ("cache: 5", "2:17: trust.cache needs a unit such as s, m or h: '5s'"),
        ("owner: [1]", "2:10: unknown key 'owner' in trust; did you mean 'owners'?"),
    ])
    func `mistakes are told with their place`(text: String, message: String) throws {
        #expect(try mistakes("\(ingressLine)\ntrust: { \(text) }") == [message])
    }

    // MARK: Routes

    private func file(_ when: String, _ more: String = "") -> String {
        """
        \(ingressLine)
        handlers: { ci: { exec: [/bin/sh] } }
        routes:
          - { name: r, on: issues, run: ci, when: { \(when) } }
        \(more)
        """
    }

    private static let gitea = "gitea: { url: \"https://git.example.org\", token_file: t }"

    @Test(arguments: [
        ("trust: owner", [TrustLevel.owner]),
        ("trust: [reader, owner]", [.owner, .reader]),
        ("trust: [readonly, readonly]", [.readonly]),
        (
            "trust: [readonly, reader, contributor, owner]",
            [.owner, .contributor, .reader, .readonly]
        ),
    ])
    func `a route takes some levels, told highest first`(
        when: String,
        levels: [TrustLevel]
    ) throws {
        let routes = try load(file(when, Self.gitea)).routes
        #expect(routes.map(\.trust) == [levels])
    }

    @Test
    func `a route may ask for the trust of the code too`() throws {
        let when = "trust: { levels: [contributor, owner], of: code }"
        let route = try #require(try load(file(when, Self.gitea)).routes.first)
        #expect(route.trustNeed == TrustNeed([.owner, .contributor], isOfCode: true))
        let sender = try load(file("trust: { levels: owner, of: sender }", Self.gitea)).routes.first
        #expect(sender?.trustNeed == TrustNeed([.owner]))
    }

    @Test(arguments: [
        ("trust: { of: code }", "4:52: routes[0].when.trust.levels is missing"),
        (
            "trust: { levels: owner, of: author }",
            "4:73: routes[0].when.trust.of must be one of sender, code, not 'author'"
        ),
    ])
    func `whose trust it is must be told as it can be`(when: String, message: String) throws {
        let found = try mistakes(file(when, Self.gitea + "\ntrust: { owners: [29] }"))
        #expect(found == [message])
    }

    @Test(arguments: [
        ("owner,reader", TrustNeed([.owner, .reader])),
        ("owner of sender and code", TrustNeed([.owner], isOfCode: true)),
    ])
    func `what is needed is written and read again`(text: String, need: TrustNeed) {
        #expect(need.text == text)
        #expect(TrustNeed(text: text) == need)
        #expect(TrustNeed(text: "\(text) and more") == nil)
    }

    @Test
    func `a route without trust takes all`() throws {
        #expect(try load(file("action: opened")).routes.map(\.trust) == [nil])
    }

    @Test(arguments: [
        (
            "trust: [owner, contributer]",
            "4:60: routes[0].when.trust[1] must be one of owner, contributor, reader, readonly, "
                + "not 'contributer'; did you mean 'contributor'?"
        ),
        (
            "trust: []",
            "4:52: routes[0].when.trust must be a trust level or a list of them, not an empty list"
        ),
    ])
    func `a level that is not known is an error`(when: String, message: String) throws {
        #expect(try mistakes(file(when, Self.gitea)) == [message])
    }

    @Test(arguments: ["contributor", "[owner, reader]", "readonly"])
    func `who must be asked for needs a Gitea`(levels: String) throws {
        let found = try mistakes(file("trust: \(levels)"))
        #expect(found.count == 1)
        #expect(found[0].hasPrefix("4:52: routes[0].when.trust: Gitea is asked who is "))
        #expect(found[0].hasSuffix("; add the section gitea with url and token_file"))
    }

    @Test
    func `an owner is known without a Gitea, but must be named`() throws {
        let named = try load(file("trust: owner", "trust: { owners: [29] }"))
        #expect(named.warnings == [])
        let nobody = try load(file("trust: owner"))
        #expect(
            nobody.warnings.map(\.message)
                == ["routes[0].when.trust never holds: trust.owners names nobody"]
        )
    }

    // MARK: Levels

    @Test
    func `levels are ordered, and their text is read again`() {
        #expect(TrustLevel.owner > .contributor)
        #expect(TrustLevel.contributor > .reader)
        #expect(TrustLevel.reader > .readonly)
        #expect([TrustLevel.owner, .reader].text == "owner,reader")
        #expect([TrustLevel](trustText: "owner,reader") == [.owner, .reader])
        for text in ["", "owner,", "admin", "owner, reader", "Owner"] {
            #expect([TrustLevel](trustText: text) == nil, "\(text)")
        }
    }
}
