import Foundation
import Logging
import Program
import Settings

/// Takes a changed configuration over while requests go on.
///
/// What a file with a mistake says does not count at all: everything stays as it is.
struct Reload {
    /// What this process was started with: what needs a restart is compared with it.
    private let configuration: Configuration
    private let shared: IngressService.Shared
    private let tls: TLSIdentity?
    private let link: SupervisorLink
    private let logger: Logger

    init(
        of configuration: Configuration,
        shared: IngressService.Shared,
        tls: TLSIdentity?,
        link: SupervisorLink,
        logger: Logger
    ) {
        self.configuration = configuration
        self.shared = shared
        self.tls = tls
        self.link = link
        self.logger = logger
    }

    /// Reads the file again for each request.
    func run(_ requests: AsyncStream<Void>) async {
        for await _ in requests {
            link.reloading()
            do {
                try takeOver()
                link.reloaded("accepting deliveries, configuration reloaded")
            } catch {
                report(error)
                link.reloaded("accepting deliveries, with the old configuration: see the log")
            }
        }
    }

    private func takeOver() throws {
        let new = try Configuration.load(
            file: configuration.file,
            secrets: .webhook,
            environment: ProcessInfo.processInfo.environment
        )
        // The only step that may fail comes first: all of it counts, or nothing.
        if let tls, let settings = new.ingress.tls { try tls.replace(with: settings) }
        shared.replace(sources: Sources(new.ingress))
        ServiceLog.follow(new.log)
        for warning in new.warnings {
            logger.warning("configuration", metadata: ["warning": "\(warning)"])
        }
        let waiting = configuration.changesThatNeedARestart(to: new)
        if !waiting.isEmpty {
            logger.warning(
                "these changes come with a restart",
                metadata: ["keys": "\(waiting.joined(separator: ","))"]
            )
        }
        logger.info(
            "configuration reloaded",
            metadata: ["secrets": "\(new.ingress.secretIDs)"]
        )
    }

    private func report(_ error: any Error) {
        var mistakes: [String] = []
        switch error {
        case let error as ConfigurationError: mistakes = error.diagnostics.map(\.description)
        case let error as Failure: mistakes = [error.message]
        default: mistakes = [String(describing: error)]
        }
        for mistake in mistakes {
            logger.error("configuration", metadata: ["mistake": "\(mistake)"])
        }
        logger.error(
            "configuration not reloaded: the old one goes on",
            metadata: ["mistakes": "\(mistakes.count)"]
        )
    }
}

extension IngressSettings {
    /// The ids of all active secrets, for a log: `new,old`, or `gitea: new,old; forge: x`.
    var secretIDs: String {
        let ids = sources.map { (name: $0.name, ids: $0.secrets.map(\.id).joined(separator: ",")) }
        guard ids.count > 1 else { return ids.first?.ids ?? "" }
        return ids.map { "\($0.name): \($0.ids)" }.joined(separator: "; ")
    }
}

extension Configuration {
    /// The keys that a running ingress cannot change.
    func changesThatNeedARestart(to new: Configuration) -> [String] {
        let changes: [(key: String, isChanged: Bool)] = [
            ("store", store != new.store),
            ("ingress.listen", ingress.listen != new.ingress.listen),
            ("ingress.health", ingress.health != new.ingress.health),
            ("ingress.spool", ingress.spool != new.ingress.spool),
            ("ingress.tls", (ingress.tls == nil) != (new.ingress.tls == nil)),
        ]
        return changes.filter(\.isChanged).map(\.key)
    }
}
