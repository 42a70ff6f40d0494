import QueueCore
import Testing

@testable import Worker

@Suite
struct HandlerEnvironmentTests {
    private static let marks = HandlerMarks(
        storeID: "uuid",
        storeFile: StoreFileMark(device: 5, inode: 7)
    )

    private static let own = [
        "SAMOVAR_ACTION=opened", "SAMOVAR_ATTEMPT=1", "SAMOVAR_DELIVERY=delivery-1",
        "SAMOVAR_EVENT=push", "SAMOVAR_JOB=1", "SAMOVAR_RESULT=/state/results/1.1",
        "SAMOVAR_STORE=uuid", "SAMOVAR_STORE_FILE=5-7", "SAMOVAR_CONFIG=/c.yaml",
        "SAMOVAR_TOKEN=1.1", "SAMOVAR_TRUST=",
    ]

    /// What the worker has, which names the handler asks for, and what of it arrives.
    static let cases: [(inherited: [String: String], names: [String], passed: [String])] = [
        ([:], [], []),
        (
            ["PATH": "/bin", "HOME": "/h", "LANG": "C", "LC_ALL": "C", "LC_TIME": "de", "TZ": "U"],
            [],
            ["HOME=/h", "LANG=C", "LC_ALL=C", "LC_TIME=de", "PATH=/bin", "TZ=U"]
        ),
        (
            [
                "GITEA_TOKEN": "s", "SECRET": "s", "AWS_SECRET_ACCESS_KEY": "s", "LD_PRELOAD": "x",
                "CREDENTIALS_DIRECTORY": "/c", "NOTIFY_SOCKET": "/n", "path": "lower", "LCX": "x",
            ],
            [], []
        ),
        (["MY_TOKEN": "t", "OTHER": "o"], ["MY_TOKEN", "MISSING"], ["MY_TOKEN=t"]),
        (["EMPTY": ""], ["EMPTY"], ["EMPTY="]),
        (
            ["SAMOVAR_TOKEN": "9.9", "SAMOVAR_JOB": "9", "SAMOVAR_CONFIG": "/c", "SAMOVAR_X": "x"],
            [], []
        ),
        (
            ["SAMOVAR_TOKEN": "9.9", "SAMOVAR_STORE": "other"], ["SAMOVAR_TOKEN", "SAMOVAR_STORE"],
            []
        ),
    ]

    @Test(arguments: cases)
    func `a handler gets what is let through, what it names, and what Samovar says`(
        inherited: [String: String],
        names: [String],
        passed: [String]
    ) async throws {
        let environment = HandlerEnvironment(
            names: names,
            inherited: inherited,
            marks: Self.marks,
            configuration: "/c.yaml"
        )
        let strings = environment.strings(
            try await ClaimedJob.sample(),
            action: "opened",
            resultFile: "/state/results/1.1"
        )
        #expect(strings.sorted() == (passed + Self.own).sorted())
    }

    static let actions = [
        (String(repeating: "a", count: 200_000), String(repeating: "a", count: 200) + "…"),
        (String(repeating: "a", count: 200), String(repeating: "a", count: 200)),
        ("opened\0closed", "opened\u{FFFD}closed"), ("e\u{301}", "e\u{301}"),
    ]

    @Test(arguments: actions)
    func `no action makes an environment that cannot be executed, or looks like another`(
        action: String,
        said: String
    ) async throws {
        let environment = HandlerEnvironment(
            names: [],
            inherited: [:],
            marks: Self.marks,
            configuration: "c"
        )
        let strings = environment.strings(
            try await ClaimedJob.sample(),
            action: action,
            resultFile: "r"
        )
        #expect(strings.contains("SAMOVAR_ACTION=\(said)"))
    }

    @Test
    func `an event without an action has an empty one`() async throws {
        let environment = HandlerEnvironment(
            names: [],
            inherited: [:],
            marks: Self.marks,
            configuration: "c"
        )
        let strings = environment.strings(
            try await ClaimedJob.sample(),
            action: nil,
            resultFile: "r"
        )
        #expect(strings.contains("SAMOVAR_ACTION="))
    }
}
