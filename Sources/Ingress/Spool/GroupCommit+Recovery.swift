import Logging
import NIOCore
import Program
import QueueCore
import Synchronization

/// The way back to the store: opening it, and importing what was spooled before anything newer is
/// committed, so that `seq` keeps the order of acceptance.
extension GroupCommit {
    /// How a step back went.
    enum Recovery {
        /// There may be more to import.
        case again
        /// The store does not work yet, or an append has to end first.
        case later
        /// What was gathered may be committed.
        case done
    }

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
            return nil
        }
    }

    /// Makes sure that the spool holds deliveries of this store and of no other.
    private func bind(_ store: SQLiteStore) async throws(StoreError) {
        guard let spool else { return }
        let uuid = try await store.uuid()
        if let known = spool.store, known != uuid, spool.depth.deliveries > 0 {
            throw .cannotOpen(
                path: opening.path,
                reason: "it is store \(uuid), and the spool \(spool.path) holds deliveries of "
                    + "store \(known): bring that one back, or move the spool away"
            )
        }
        if spool.store != uuid {
            do throws(SpoolError) {
                try await spoolThread.run { () throws(SpoolError) in try spool.belong(to: uuid) }
            } catch {
                // It only helps to notice a missing disk; the next start tries again.
                logger.warning("the spool was not marked", metadata: ["error": "\(error)"])
            }
        }
        state.withLock { $0.isBound = true }
    }

    /// Takes one step towards an empty spool.
    func recover(_ store: SQLiteStore) async throws(StoreError) -> Recovery {
        guard let spool else { return .done }
        let now = NIODeadline.now()
        let (isDetour, isDue, mayImport, isStuck, isFinished) = state.withLock {
            (
                $0.detour != nil, now >= $0.nextRecovery, now >= $0.nextImport,
                $0.isSpoolStuck(now), $0.isFinished
            )
        }
        // The next process goes on where this one ends.
        if isFinished { return .done }
        if isDetour, !isDue { return isStuck ? .done : .later }
        do throws(StoreError) {
            if mayImport, try await importNext(from: spool, to: store) == .imported {
                if spool.depth.bytes <= Limits.batchBytes { endDetour() }
                return .again
            }
            if isDetour {
                try await store.probe()
                endDetour()
            }
        } catch {
            _ = takeDetour(.failed(error))
            guard case .inputOutput = error else { return .later }
            await allAppended()
            await allTold()
            throw error
        }
        return arrive(spool)
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

    /// Nothing is left to import: says so, unless an append is still under way.
    private func arrive(_ spool: SpoolFile) -> Recovery {
        let (arrived, isAppending) = state.withLock { state -> (Detour?, Bool) in
            let isAppending = !(state.spooling.isEmpty && state.appending.isEmpty)
            let isStuck = state.isSpoolStuck(.now())
            let hasMore = spool.depth.deliveries > 0 && NIODeadline.now() >= state.nextImport
            guard !hasMore, !isAppending || isStuck else { return (nil, !isStuck) }
            defer { state.returning = nil }
            return (state.returning, false)
        }
        if let arrived { logReturn(arrived) }
        guard isAppending else { return .done }
        return spool.depth.deliveries > 0 ? .again : .later
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

    /// How the import of a batch went, when the store did not fail.
    private enum Step {
        case imported
        /// Nothing waited.
        case empty
        /// The spool failed: it is tried again later.
        case postponed
    }

    private func importNext(
        from spool: SpoolFile,
        to store: SQLiteStore
    ) async throws(StoreError) -> Step {
        let batch: SpoolFile.Batch
        do throws(SpoolError) {
            guard let next = try spool.read(atMost: Limits.batchBytes) else { return .empty }
            batch = next
        } catch {
            await outlast(error, of: spool)
            return .postponed
        }
        pulse.beat()
        let results = try await store.importSpooled(batch.deliveries)
        FaultPoint.imported.reach()
        guard await keepRefused(batch, results, of: spool) else { return .postponed }
        spool.markImported(batch)
        state.withLock { state in
            state.counts.imported += results.count
            state.detour?.imported += results.count
            state.returning?.imported += results.count
        }
        if results.contains(where: \.isImported) { ring() }
        spoolThread.enqueue { [logger] in
            do throws(SpoolError) {
                try spool.emptyWhenImported()
            } catch {
                // Its deliveries are in the store: to import them again does no harm.
                logger.warning("the spool was not emptied", metadata: ["error": "\(error)"])
            }
        }
        return .imported
    }

    /// Keeps the bytes of what was acknowledged and cannot be stored, and says so.
    ///
    /// - Returns: false when they could not be kept: then they stay in the spool.
    private func keepRefused(
        _ batch: SpoolFile.Batch,
        _ results: [Import],
        of spool: SpoolFile
    ) async -> Bool {
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
        guard !refused.isEmpty else { return true }
        state.withLock { [count = refused.count] state in
            state.detour?.refused += count
            state.returning?.refused += count
        }
        do throws(SpoolError) {
            try await spoolThread.run { [refused, clocks] () throws(SpoolError) in
                try spool.keepRefused(refused, now: clocks.now())
            }
            return true
        } catch {
            postpone(error)
            return false
        }
    }

    /// Goes on without what cannot be read.
    private func outlast(_ error: SpoolError, of spool: SpoolFile) async {
        guard case .damaged = error else { return postpone(error) }
        do throws(SpoolError) {
            let leftover = try await spoolThread.run { [clocks] () throws(SpoolError) in
                try spool.setAsideDamage(now: clocks.now())
            }
            report(leftover)
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
            "the spool is damaged: acknowledged deliveries may be in what was set aside",
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

extension Import {
    fileprivate var isImported: Bool {
        switch self {
        case .imported: true
        case .known, .conflict, .refused: false
        }
    }
}
