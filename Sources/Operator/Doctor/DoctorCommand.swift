import ArgumentParser
import Program
import QueueCore
import Routing
import Settings

/// `samovar doctor`: proves that nothing disappeared, and says what else is not as it should be.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine the store and what is around it; changes nothing.",
        discussion: """
            Exit code 1 when something should be looked at. Notes do not count. A large store \
            takes minutes, in which its log grows; --quick leaves out the comparison of indexes \
            with their tables, and compares a sample of the bodies with their digests.

            Examples:
              samovar doctor
              samovar doctor --quick --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Flag(help: "Leave out the longest of the checks.")
    var quick = false

    func run() async throws {
        try await reporting {
            let (configuration, warnings, unchecked) = try load()
            let gitea = await GiteaReport(asking: configuration)
            let report = try await onStoreThread {
                try await examine(
                    configuration,
                    gitea,
                    warnings: warnings,
                    unchecked: unchecked
                )
            }
            if output.json {
                try StandardOutput.write(JSONOutput.object(report.json))
            } else {
                try StandardOutput.write(report.text(on: .standardOutput()))
            }
            if report.hasFindings { throw ExitStatus.findings.code }
        }
    }

    /// Reads the configuration with its secrets, or without those that this user may not read.
    private func load() throws -> (Configuration, warnings: [String], unchecked: [String]) {
        do {
            let configuration = try configurationOption.load(secrets: .read)
            return (configuration, configuration.warnings.map(\.description), [])
        } catch let error as ConfigurationError {
            // The store can be examined whatever else is wrong: that is reported beside it.
            let configuration = try configurationOption.readForQueue().configuration
            let problems = error.diagnostics.map(\.description)
            let isDenied = { (problem: String) in problem.contains("permission denied") }
            return (
                configuration,
                configuration.warnings.map(\.description) + problems.filter { !isDenied($0) },
                problems.filter(isDenied)
            )
        }
    }

    private func examine(
        _ configuration: Configuration,
        _ gitea: GiteaReport?,
        warnings: [String],
        unchecked: [String]
    ) async throws -> DoctorReport {
        let spool = SpoolFacts(configuration)
        let examination: Examination
        do throws(StoreError) {
            examination = try Examination(path: configuration.store)
        } catch {
            // Where deliveries are while there is no store is what one wants to know then.
            if let spool {
                StandardError.note("spool: \(spool.cell(now: Clocks.system.now()).text)")
            }
            throw error
        }
        // It was only read.
        defer { try? examination.close() }
        if !quick { announce(try? examination.bytes()) }
        var site = await SiteFacts(store: configuration.store)
        site.spool = spool
        // A store that does not say who it is has findings of its own.
        let uuid = (try? examination.uuid()) ?? ""
        site.ingress = try await IngressFacts(
            asking: configuration,
            about: uuid.isEmpty ? nil : uuid
        )
        site.gitea = gitea
        site.warnings = warnings
        site.unchecked = unchecked
        var diagnoses = examination.file(quick: quick) + examination.rows()
        diagnoses.append(examination.bodies(quick: quick, digest: Router.payloadDigest))
        diagnoses += examination.migrations() + examination.schemaDrift() + examination.settings()
        let clocks = Clocks.system
        // Before the look: no lease that it sees in force has run out by this time.
        let monotonic = clocks.monotonic()
        var work: WorkFacts?
        do throws(StoreError) {
            work = try examination.work(
                clocks: clocks,
                retention: configuration.knownRetention
            )
            if let work {
                let alive = Set(
                    work.workers.filter {
                        WorkerLock.isHeld(stateFolder: configuration.stateFolder, worker: $0)
                    }
                )
                diagnoses += try examination.rechecked(work, alive: alive).diagnoses(
                    at: MachineFacts(
                        now: work.now,
                        monotonic: monotonic,
                        bootID: clocks.bootID,
                        alive: alive
                    )
                )
            }
        } catch {
            diagnoses.append(
                Diagnosis(
                    .work,
                    "work",
                    .failure,
                    "cannot be read: \(error)",
                    hint: error.operatorHint
                )
            )
        }
        diagnoses += site.diagnoses(
            now: work?.now ?? clocks.now(),
            newestReceived: work?.newestReceived
        )
        return DoctorReport(store: configuration.store, diagnoses: diagnoses)
    }

    /// Nobody should wonder whether it hangs.
    private func announce(_ bytes: Int64?) {
        guard let bytes, bytes > 1 << 30 else { return }
        StandardError.note(
            "reading all of \(Quantity.text(bytes: bytes)) takes a while; --quick is quicker"
        )
    }
}

extension Configuration {
    /// What is kept; without end where a mistake hides it, so that nothing seems overdue.
    fileprivate var knownRetention: Retention {
        let settings =
            unread.contains(.retention)
            ? RetentionSettings(bodies: nil, jobs: nil, deliveries: nil) : retention
        return settings.retention
    }
}
