import GiteaClient
import Logging
import Program
import QueueCore
import Settings

/// What Gitea says of itself, of the token that it is shown, and of the accounts that the
/// configuration names.
struct GiteaReport: Equatable, Sendable {
    /// An id of `trust.owners` or `trust.bots`.
    struct Account: Equatable, Sendable {
        enum Found: Equatable, Sendable {
            case called(String)
            case nobody
            case unknown(String)
        }

        /// `owner` or `bot`.
        var role: String
        var id: Int64
        var found: Found
    }

    var url: String
    var probe: GiteaProbe
    /// Empty where the token may not look for accounts.
    var accounts: [Account] = []

    /// Asks.
    ///
    /// Nil where the configuration names no Gitea.
    init?(asking configuration: Configuration) async {
        guard var settings = configuration.gitea else { return nil }
        settings.timeout = min(settings.timeout, Self.patience)
        var patience = GiteaClient.Patience()
        patience.tries = 1
        let client = GiteaClient(
            settings,
            userAgent: "samovar/\(ProgramVersion.current)",
            patience: patience,
            logger: Logger(label: "samovar.gitea")
        )
        url = settings.url
        probe = await client.probe()
        if probe.trouble == nil, probe.user != nil {
            let trust = configuration.trust
            for (role, ids) in [("owner", trust.owners), ("bot", trust.bots)] {
                for id in ids.sorted() {
                    accounts.append(await Self.account(id, role, client))
                }
            }
        }
        await client.close()
    }

    private static func account(
        _ id: Int64,
        _ role: String,
        _ client: GiteaClient
    ) async -> Account {
        do throws(GiteaError) {
            let user = try await client.user(id)
            return Account(role: role, id: id, found: user.map { .called($0.login) } ?? .nobody)
        } catch {
            return Account(role: role, id: id, found: .unknown("\(error)"))
        }
    }

    /// A person waits.
    private static let patience = Duration.seconds(10)
}

// MARK: - What it means

extension GiteaReport {
    /// Whether somebody should do something.
    var hasFindings: Bool { diagnoses.contains(where: \.isFinding) }

    /// For `doctor`: the server with its token, and the accounts.
    var diagnoses: [Diagnosis] { [server, trusted].compactMap(\.self) }

    private var server: Diagnosis {
        let check = "gitea_server"
        if case .noToken(let reason) = probe.trouble, reason.contains("permission denied") {
            return Diagnosis(
                .site,
                check,
                .note,
                "not asked: \(reason)",
                hint: "Run it as the user that runs the worker to have it asked."
            )
        }
        if let trouble = probe.trouble {
            return Diagnosis(
                .site,
                check,
                .warning,
                "\(url): \(trouble)",
                hint: "Jobs whose routes ask for trust wait until Gitea answers."
            )
        }
        let text = "\(url): version \(probe.version ?? "unknown"), \(tokenText); \(teamsText)"
        if !requiredScopes.isEmpty {
            return Diagnosis(
                .site,
                check,
                .warning,
                "\(text); missing: \(requiredScopes.joined(separator: ", "))",
                hint: "Make a token with these scopes, and put it into gitea.token_file: without "
                    + "them senders count as readonly."
            )
        }
        return Diagnosis(
            .site,
            check,
            probe.teamsWay == .none ? .note : .ok,
            text,
            hint: "Where repositories belong to organizations, make a token with scope "
                + "\(GiteaProbe.organizationScope): members of teams count for too little without."
        )
    }

    private var trusted: Diagnosis? {
        guard !accounts.isEmpty else { return nil }
        let unsure = accounts.filter { if case .called = $0.found { false } else { true } }
        guard unsure.isEmpty else {
            let texts = unsure.map { "\($0.role) \($0.id): \($0.text)" }
            return Diagnosis(
                .site,
                "trust_accounts",
                .warning,
                texts.joined(separator: "; "),
                hint: "Mend trust.owners and trust.bots: an id is shown by "
                    + "\(url)/api/v1/users/LOGIN."
            )
        }
        let texts = accounts.map { "\($0.role) \($0.id) is \($0.text)" }
        return Diagnosis(.site, "trust_accounts", .ok, texts.joined(separator: ", "))
    }

    /// Those without which nobody's trust can be asked.
    private var requiredScopes: [String] {
        probe.missingScopes.filter { $0 != GiteaProbe.organizationScope }
    }

    private var tokenText: String {
        probe.user.map { "the token is that of \($0.login) (id \($0.id))" }
            ?? "whose token it is cannot be asked"
    }

    private var teamsText: String {
        switch probe.teamsWay {
        case .asMember: "what teams lend is asked as the sender (site administrator)"
        case .byTeams: "what teams lend is asked of the teams that this account may see"
        case .none: "what teams lend cannot be asked"
        }
    }
}

extension GiteaReport.Account {
    /// What it is called, or why that is not known.
    var text: String {
        switch found {
        case .called(let login): login
        case .nobody: "no account has this id"
        case .unknown(let reason): reason
        }
    }
}

// MARK: - For `check --online`

extension GiteaReport {
    /// One line for each thing that was asked.
    func text(on terminal: Terminal) -> String {
        var fields: [(name: String, value: Cell)] = []
        func add(_ name: String, _ text: String, isGood: Bool = true) {
            fields.append((name, Cell(text, tone: isGood ? .plain : .bad)))
        }
        if let trouble = probe.trouble {
            add("gitea", "\(url): \(trouble)", isGood: false)
        } else {
            add("gitea", "\(url): version \(probe.version ?? "unknown")")
            add("token", tokenText)
            let missing = probe.missingScopes
            add(
                "scopes",
                missing.isEmpty
                    ? "all that are needed" : "missing: " + missing.joined(separator: ", "),
                isGood: requiredScopes.isEmpty
            )
            add("teams", teamsText, isGood: probe.teamsWay != .none)
        }
        for account in accounts {
            let isKnown = if case .called = account.found { true } else { false }
            add("\(account.role) \(account.id)", account.text, isGood: isKnown)
        }
        return FieldList(fields).text(on: terminal)
    }

    /// One object.
    var json: JSONValue {
        .object([
            ("url", .string(url)),
            ("version", .optional(probe.version)),
            ("login", .optional(probe.user?.login)),
            ("user_id", probe.user.map { .integer($0.id) } ?? .null),
            ("missing_scopes", .array(probe.missingScopes.map { .string($0) })),
            ("teams", .string(probe.teamsWay.rawValue)),
            ("error", .optional(probe.trouble.map { "\($0)" })),
            (
                "accounts",
                .array(
                    accounts.map { account in
                        let login: String? =
                            if case .called(let login) = account.found { login } else { nil }
                        return .object([
                            ("role", .string(account.role)), ("id", .integer(account.id)),
                            ("login", .optional(login)),
                            ("error", .optional(login == nil ? account.text : nil)),
                        ])
                    }
                )
            ),
        ])
    }
}

extension JSONValue {
    /// An object with one member more, if there is something to say.
    func adding(_ name: String, _ value: JSONValue?) -> JSONValue {
        guard let value, case .object(let members) = self else { return self }
        return .object(members + [(name, value)])
    }
}
