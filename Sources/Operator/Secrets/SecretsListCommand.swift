import ArgumentParser
import Foundation
import Program
import QueueCore
import Settings

/// `samovar secrets list`.
struct SecretsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the secrets of each source: what they verified, and when last.",
        discussion: """
            Counts the newest 100000 deliveries, or all of them with --all, which reads the whole \
            store. The first secret of a source is the one that hooks should have; a note says which \
            of the others some hook still signs with, and which nothing is signed with any more.

            Examples:
              samovar secrets list
              samovar secrets list --days 30 --all
              samovar secrets list --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Option(help: ArgumentHelp("An old secret is in use when used so lately.", valueName: "count"))
    var days = SecretUses.daysUsual

    @Flag(help: "Count all deliveries, not only the newest.")
    var all = false

    func validate() throws {
        guard (0...36_500).contains(days) else { throw ValidationError("--days is 0 to 36500.") }
    }

    func run() async throws {
        try await reporting {
            try await configurationOption.withStore { store, configuration in
                let uses = try await SecretUses(
                    of: configuration.ingress,
                    in: store,
                    newest: all ? nil : SecretUses.newestUsual
                )
                let hasFile = configurationOption.file != nil
                let list = SecretsList(
                    uses,
                    usedWithin: .seconds(days * 86_400),
                    now: .now,
                    file: hasFile ? configuration.file : nil
                )
                if output.json {
                    try StandardOutput.write(JSONOutput.list(list.json))
                } else {
                    try StandardOutput.write(list.table.text(on: .standardOutput()))
                    if let since = uses.since {
                        StandardError.note(
                            "of the newest \(SecretUses.newestUsual) deliveries, since "
                                + "\(LocalTime.now.short(since)); --all counts all"
                        )
                    }
                }
            }
        }
    }
}

/// Every secret that is configured or that a delivery names, and what it verified.
struct SecretUses: Sendable {
    /// One secret.
    struct Use: Equatable, Sendable {
        var source: String
        var id: String
        /// Nil when it is not in the configuration any more.
        var file: String?
        var isFirst = false
        var deliveries: Int64 = 0
        var lastAt: Timestamp?
    }

    /// Those of the configuration in its order, then those that only deliveries name.
    let uses: [Use]

    /// The oldest delivery that was counted; nil when all were.
    let since: Timestamp?

    /// Looks into the store.
    init(of ingress: IngressSettings, in store: SQLiteStore, newest: Int?) async throws {
        let records = try await store.records(.verifications(newest: newest))
        let counted = records.compactMap { $0.integer("deliveries") }.reduce(0, +)
        let isCutShort = newest.map { counted >= $0 } ?? false
        since = isCutShort ? records.compactMap { $0.time("first_at") }.min() : nil
        uses = Self.uses(of: ingress, records)
    }

    private static func uses(of ingress: IngressSettings, _ records: [Record]) -> [Use] {
        var uses: [Use] = []
        for source in ingress.sources {
            for (index, secret) in source.secrets.enumerated() {
                uses.append(
                    Use(source: source.name, id: secret.id, file: secret.file, isFirst: index == 0)
                )
            }
        }
        for record in records {
            // Stored without a signature, as `verify: observe` lets them in.
            guard case .text(let id) = record["verified_by"] else { continue }
            let source = record.text("source")
            let place = uses.firstIndex { $0.source == source && $0.id == id }
            if place == nil { uses.append(Use(source: source, id: id)) }
            let index = place ?? uses.count - 1
            uses[index].deliveries = record.integer("deliveries") ?? 0
            uses[index].lastAt = record.time("last_at")
        }
        return uses
    }

    static let newestUsual = 100_000

    /// A week: hooks of repositories where nothing happens for longer are found with `--days`.
    static let daysUsual = 7
}

/// Uses as people and programs read them.
struct SecretsList {
    private let uses: [SecretUses.Use]
    private let since: Timestamp?
    private let limit: Duration
    private let now: Timestamp
    private let time: LocalTime
    private let file: String?

    /// A list as seen now; `file` is the configuration's when it has to be named.
    init(_ uses: SecretUses, usedWithin limit: Duration, now time: LocalTime, file: String?) {
        self.uses = uses.uses
        since = uses.since
        self.limit = limit
        now = Clocks.system.now()
        self.time = time
        self.file = file
    }

    var table: Table {
        Table(
            header: ["source", "secret", "verified", "last used", "file", "note"],
            rows: uses.map { use in
                [
                    Cell(use.source), Cell(use.id), Cell(use.deliveries),
                    use.lastAt.map { Cell(time.short($0)) } ?? .absent,
                    use.file.map { Cell($0) } ?? .absent, note(use),
                ]
            }
        )
    }

    var json: [JSONValue] {
        uses.map { use in
            .object([
                ("source", .string(use.source)), ("id", .string(use.id)),
                ("file", .optional(use.file)), ("active", .boolean(use.file != nil)),
                ("first", .boolean(use.isFirst)), ("deliveries", .integer(use.deliveries)),
                ("last_at", .time(use.lastAt)), ("in_use", .boolean(isInUse(use))),
                ("counted_since", .time(since)),
            ])
        }
    }

    private func isInUse(_ use: SecretUses.Use) -> Bool {
        guard let last = use.lastAt else { return false }
        return now - last <= limit
    }

    private func note(_ use: SecretUses.Use) -> Cell {
        guard let file = use.file else { return Cell("not in the configuration", tone: .quiet) }
        if !FileManager.default.fileExists(atPath: file) {
            return Cell("its file is missing, or in a folder that is closed to you", tone: .bad)
        }
        if use.isFirst { return Cell("for new hooks", tone: .good) }
        if isInUse(use) { return Cell("a hook still signs with it", tone: .attention) }
        let isOnly = uses.allSatisfy { $0.file == nil || $0.source == use.source }
        let call = SecretsCall(file: file, source: isOnly ? nil : use.source)
        return Cell("not used lately: \(call.text("retire", use.id))")
    }
}
