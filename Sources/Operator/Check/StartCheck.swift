import NIOCore
import NIOPosix
import Program
import QueueCore
import Settings

/// What ingress and worker find when they start with a configuration that has no mistake: their
/// words, before they are started.
struct StartCheck {
    /// What a service would refuse to start for.
    private(set) var refusals: [Failure] = []
    /// What it would log and go on, or refuse unless it is told otherwise.
    private(set) var warnings: [String] = []

    /// Looks at store, spool and addresses; nothing is made, locked or kept open.
    ///
    /// - Parameters:
    ///   - configuration: as the services load it.
    ///   - hasStore: whether the store's file is there.
    ///   - allowsPublic: whether the services are told `--allow-public`.
    init(_ configuration: Configuration, hasStore: Bool, allowsPublic: Bool) async {
        await look(atStoreOf: configuration, hasStore)
        look(atSpoolOf: configuration, hasStore)
        await look(atAddressesOf: configuration, allowsPublic)
    }

    /// All refusals as one; nil when there is none.
    var refusal: Failure? {
        guard let first = refusals.first else { return nil }
        guard refusals.count > 1 else { return first }
        let lines = refusals.flatMap { [$0.message, $0.hint].compactMap(\.self) }
        return Failure(first.status, lines.joined(separator: "\n"))
    }

    private mutating func look(atStoreOf configuration: Configuration, _ hasStore: Bool) async {
        guard hasStore else {
            if let obstacle = SQLiteStore.obstacle(toMaking: configuration.store) {
                refusals.append(Failure(obstacle))
            }
            return
        }
        do {
            try await configuration.withStore { _ in }
        } catch let error as StoreError {
            refusals.append(Failure(error))
        } catch {
            refusals.append(Failure(.internal, String(describing: error)))
        }
    }

    private mutating func look(atSpoolOf configuration: Configuration, _ hasStore: Bool) {
        guard let settings = configuration.ingress.spool else { return }
        var trouble = SpoolFile.obstacle(at: settings.file)
        if trouble == nil, case .failure(let error)? = SpoolFacts(configuration)?.found {
            trouble = error
        }
        guard let trouble else { return }
        if trouble.isOfDisk, hasStore {
            warnings.append(
                "\(trouble): the ingress serves without the spool. \(trouble.operatorHint)"
            )
        } else {
            refusals.append(Failure(trouble))
        }
    }

    private mutating func look(
        atAddressesOf configuration: Configuration,
        _ allowsPublic: Bool
    ) async {
        let addresses: [(key: String, address: HostPort?)] = [
            ("ingress.listen", configuration.ingress.listen),
            ("ingress.health", configuration.ingress.health),
        ]
        for (key, address) in addresses {
            if !allowsPublic, let open = PublicAddress(key, address) {
                warnings.append(
                    "\(open): samovar-ingress and samovar up start there only with --allow-public"
                )
            }
            if let address, let reason = await Self.obstacle(to: address) {
                refusals.append(
                    Failure(
                        .unavailable,
                        "cannot listen on \(address): \(reason)",
                        hint: "\(key) must be an address of this machine."
                    )
                )
            }
        }
        let health = configuration.worker.health
        if !allowsPublic, let open = PublicAddress("worker.health", health) {
            warnings.append("\(open): samovar-worker starts there only with --allow-public")
        }
        if let health, let reason = await Self.obstacle(to: health) {
            warnings.append("worker.health: cannot listen on \(health): \(reason)")
        }
    }

    /// Why nobody can listen at an address, at any port: whether the port is free says nothing, the
    /// services may be running.
    private static func obstacle(to address: HostPort) async -> String? {
        do {
            let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: address.host, port: 0)
                .get()
            try? await listener.close()  // it was opened, which is all there is to know
            return nil
        } catch let error as IOError {
            return systemError(error.errnoCode)
        } catch {
            return String(describing: error)
        }
    }
}
