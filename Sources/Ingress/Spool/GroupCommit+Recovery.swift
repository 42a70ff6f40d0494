import Logging
import NIOCore
import Program
import QueueCore
import Synchronization

/// The way back to the store: opening it, and importing what was spooled before anything newer is
/// committed, so that `seq` keeps the order of acceptance.
extension GroupCommit {
    /// - Returns: nil when it cannot be opened yet.
    func openedStore() async throws(StoreError) -> SQLiteStore? {
        if let store = opening.store, state.withLock(\.isBound) || spool == nil { return store }
        guard state.withLock({ $0.detour == nil || NIODeadline.now() >= $0.nextRecovery }) else {
            return nil
        }
        do throws(StoreError) {
            // A spool that knows its store: then a missing file is a missing disk, and a new store
            // made there would hide it.
            let store = try opening.openNow(mayCreate: spool?.store == nil)
            try await bind(store)
            return store
        } catch {
            _ = takeDetour(.failed(error))
            // One that could not be opened is opened anew.
            guard case .inputOutput = error, opening.store != nil else { return nil }
            await allAnswered(error)
            throw error
        }
    }

    /// Makes sure that the spool holds deliveries of this store and of no other.
    private func bind(_ store: SQLiteStore) async throws(StoreError) {
        guard let spool else { return }
        let uuid = try await opening.identify(store)
        if let known = spool.store, known != uuid, spool.depth.deliveries > 0 {
            throw .cannotOpen(
                path: opening.path,
                reason: "it is store \(uuid), and the spool \(spool.path) holds deliveries of "
                    + "store \(known): bring that one back, or stop the ingress and move the "
                    + "spool away"
            )
        }
        if spool.store != uuid {
            // Commits wait for it as for an import.
            state.withLock { $0.reading = .busy }
            spoolThread.enqueue { [self] in
                do throws(SpoolError) {
                    try spool.belong(to: uuid)
                } catch {
                    // It only helps to notice a missing disk; the next start tries again.
                    logger.warning("the spool was not marked", metadata: ["error": "\(error)"])
                }
                readNext(from: spool)
            }
        }
        state.withLock { $0.isBound = true }
    }

    /// Takes one step towards an empty spool.
    ///
    /// The spool's thread reads, and asks for the next step when it has: the store's thread waits
    /// for its own disk only.
    ///
    /// - Returns: whether what was gathered may be committed.
    func recover(_ store: SQLiteStore) async throws(StoreError) -> Bool {
        guard let spool else { return true }
        let now = NIODeadline.now()
        let isStuck = spoolThread.isStuck(now)
        let (isDetour, isDue, isFinished) = state.withLock {
            ($0.detour != nil, now >= $0.nextRecovery, $0.isFinished)
        }
        // The next process goes on where this one ends.
        if isFinished { return true }
        if isDetour, !isDue { return isStuck }
        do throws(StoreError) {
            if let batch = takeRead() {
                try await importNext(batch, from: spool, to: store)
            } else if isDetour, isStuck || !state.withLock({ $0.hasMore(spool, now) }) {
                try await store.probe()
                endDetour()
            }
        } catch {
            _ = takeDetour(.failed(error))
            guard case .inputOutput = error else { return false }
            await allAnswered(error)
            throw error
        }
        return goOn(spool, isStuck: isStuck)
    }

    /// New deliveries wait for the store again: it has to come to the end of the spool within their
    /// budget.
    private func endDetour() {
        state.withLock { state in
            guard let detour = state.detour else { return }
            state.returning = detour
            state.detour = nil
        }
    }

    /// Has the next batch read, or says that nothing is left to import.
    ///
    /// - Returns: whether what was gathered may be committed: not before what was spooled, unless
    ///   the spool gives that order up.
    private func goOn(_ spool: SpoolFile, isStuck: Bool) -> Bool {
        let now = NIODeadline.now()
        let (mayCommit, isReadDue, arrived) = state.withLock { state -> (Bool, Bool, Detour?) in
            let hasMore = state.hasMore(spool, now)
            var isReadDue = false
            if hasMore, case .idle = state.reading {
                state.reading = .busy
                isReadDue = true
            }
            guard !hasMore, state.spooling.isEmpty, state.appending.isEmpty else {
                return (isStuck || state.isOrderGivenUp && state.detour == nil, isReadDue, nil)
            }
            if spool.depth.deliveries == 0 { state.isOrderGivenUp = false }
            defer { state.returning = nil }
            return (true, false, state.returning)
        }
        if isReadDue { spoolThread.enqueue { [self] in readNext(from: spool) } }
        if let arrived { logReturn(arrived) }
        return mayCommit
    }

    /// Sees to it that nobody waits for an answer of a process that ends with an error: what a spool
    /// whose disk hangs did not take is 503.
    private func allAnswered(_ error: StoreError) async {
        await allAppended()
        let failed = state.withLock { state in
            takeAll(&state.appending) + takeAll(&state.spooling) + takeAll(&state.gathering)
        }
        if !failed.isEmpty {
            refuse(failed, StoreTrouble.failed(error).reason, because: "\(error)")
        }
        await allTold()
    }

    private func logReturn(_ detour: Detour) {
        let time = NIODeadline.now() - detour.since
        logger.notice(
            "the store takes deliveries again",
            metadata: [
                "spooled": "\(detour.spooled)", "imported": "\(detour.imported)",
                "refused": "\(detour.refused)", "seconds": "\(time.nanoseconds / 1_000_000_000)",
            ]
        )
    }

    // MARK: Importing

    private func takeRead() -> SpoolFile.Batch? {
        state.withLock { state in
            guard case .ready(let batch) = state.reading else { return nil }
            state.reading = .idle
            return batch
        }
    }

    private func importNext(
        _ batch: SpoolFile.Batch,
        from spool: SpoolFile,
        to store: SQLiteStore
    ) async throws(StoreError) {
        pulse.beat()
        let results = try await store.importSpooled(batch.deliveries)
        FaultPoint.imported.reach()
        let refused = reportRefused(batch, results, of: spool)
        let isNearlyDone = spool.depth.bytes <= 2 * Limits.batchBytes
        let mayReturn = state.withLock { state in
            state.counts.imported += results.count
            state.detour?.imported += results.count
            state.returning?.imported += results.count
            state.detour?.refused += refused.count
            state.returning?.refused += refused.count
            state.reading = .busy
            return isNearlyDone || state.isOrderGivenUp
        }
        if mayReturn { endDetour() }
        if results.contains(where: \.isImported) { ring() }
        spoolThread.enqueue { [self] in settle(batch, refused, in: spool) }
    }

    /// Says which deliveries were acknowledged and cannot be stored.
    private func reportRefused(
        _ batch: SpoolFile.Batch,
        _ results: [Import],
        of spool: SpoolFile
    ) -> [Delivery] {
        var refused: [Delivery] = []
        for (delivery, result) in zip(batch.deliveries, results) {
            let reason: String
            switch result {
            case .imported, .known: continue
            case .conflict(let seq): reason = "another body came under the id of delivery \(seq)"
            case .refused(let text): reason = text
            }
            refused.append(delivery)
            logger.error(
                "a spooled delivery was refused",
                metadata: [
                    "delivery.id": "\(delivery.id)", "source": "\(delivery.source)",
                    "reason": "\(reason)", "kept.in": "\(spool.path)\(SpoolFile.refusedSuffix)",
                ]
            )
        }
        return refused
    }

    // MARK: The spool's thread

    /// Removes a batch that was committed, when the bytes of what was refused are kept.
    private func settle(_ batch: SpoolFile.Batch, _ refused: [Delivery], in spool: SpoolFile) {
        do throws(SpoolError) {
            if !refused.isEmpty { try spool.keepRefused(refused, now: clocks.now()) }
        } catch {
            // They stay in the spool.
            postpone(error)
            return handOver(.idle)
        }
        spool.markImported(batch)
        do throws(SpoolError) {
            try spool.emptyWhenImported()
        } catch {
            // Its deliveries are in the store: to import them again does no harm.
            logger.warning("the spool was not emptied", metadata: ["error": "\(error)"])
        }
        spoolThread.noteProgress()
        readNext(from: spool)
    }

    private func readNext(from spool: SpoolFile) {
        do throws(SpoolError) {
            handOver(try spool.read(atMost: Limits.batchBytes).map(Reading.ready) ?? .idle)
        } catch {
            outlast(error, of: spool)
            handOver(.idle)
        }
    }

    private func handOver(_ reading: Reading) {
        state.withLock { $0.reading = reading }
        newWork.yield()
    }

    /// Goes on without what cannot be read.
    private func outlast(_ error: SpoolError, of spool: SpoolFile) {
        guard case .damaged = error else { return postpone(error) }
        do throws(SpoolError) {
            report(try spool.setAsideDamage(now: clocks.now()))
        } catch {
            postpone(error)
        }
    }

    /// The store works, so it is served without the spool's order until the spool works again.
    private func postpone(_ error: SpoolError) {
        state.withLock { $0.nextImport = .now() + IngressLimits.importRetry }
        logger.error(
            "what is in the spool cannot be imported",
            metadata: ["error": "\(error)", "hint": "\(error.operatorHint)"]
        )
    }

    /// Tells of what a crash or a disk did to the spool.
    func report(_ leftover: SpoolFile.Leftover?) {
        guard let leftover else { return }
        guard let file = leftover.setAside else {
            logger.warning(
                "an append to the spool was cut short: nothing in it was acknowledged",
                metadata: ["spool": "\(leftover.file)", "bytes": "\(leftover.bytes)"]
            )
            let detail = "\(leftover.bytes) bytes of an append that was cut short were cut off"
            return note(.spoolTorn, of: leftover, detail)
        }
        logger.error(
            """
            the spool is damaged, or an append was cut short by a power cut: acknowledged \
            deliveries may be in what was set aside
            """,
            metadata: [
                "spool": "\(leftover.file)", "bytes": "\(leftover.bytes)", "kept.in": "\(file)",
            ]
        )
        note(.spoolDamaged, of: leftover, "\(leftover.bytes) bytes were set aside in \(file)")
    }

    private func note(_ kind: Incident.Kind, of leftover: SpoolFile.Leftover, _ detail: String) {
        note(Incident(kind: kind, source: "spool", subject: leftover.file, detail: detail))
    }
}

extension GroupCommit.State {
    /// Whether the spool holds what can be imported now.
    fileprivate func hasMore(_ spool: SpoolFile, _ now: NIODeadline) -> Bool {
        switch reading {
        case .idle: spool.depth.deliveries > 0 && now >= nextImport
        case .busy, .ready: true
        }
    }
}

extension Import {
    fileprivate var isImported: Bool {
        switch self {
        case .imported: true
        case .known, .conflict, .refused: false
        }
    }
}
