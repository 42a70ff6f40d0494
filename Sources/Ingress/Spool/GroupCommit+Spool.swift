import DequeModule
import Logging
import NIOCore
import Program
import QueueCore
import Synchronization

/// The way around the store.
extension GroupCommit {
    /// Looks a few times a second whether somebody waits for the store for too long.
    func look(now: NIODeadline) {
        let isStuck = spoolThread.isStuck(now)
        let (isOverdue, isWaiting) = state.withLock { state in
            if isStuck {
                // The store may well work: what no append has begun with waits for that.
                state.gathering.prepend(contentsOf: takeAll(&state.spooling))
            }
            let oldest = [state.committing.first?.since, state.gathering.first?.since]
                .compactMap(\.self).min()
            let budget =
                state.isOrderGivenUp
                ? IngressLimits.patientStoreBudget : IngressLimits.storeBudget
            let isOverdue = oldest.map { $0 + budget <= now } ?? false
            return (isOverdue && !isStuck, state.detour != nil || state.returning != nil)
        }
        if isOverdue { _ = takeDetour(.silent) }
        guard isWaiting || isStuck || (spool?.depth.deliveries ?? 0) > 0 else { return }
        // The store's thread may well be blocked: the spool works, and so the process does.
        if isWaiting, !isStuck, spool?.trouble == nil { pulse.beat() }
        newWork.yield()
    }

    /// Hands everything that waits for the store to the spool, and what comes next as well.
    ///
    /// What is part of a running commit goes there too: it may be stored twice so, and the import
    /// finds that it is there.
    ///
    /// - Returns: false when there is no spool to go to, or its disk hangs.
    func takeDetour(_ trouble: StoreTrouble) -> Bool {
        guard spool != nil else { return false }
        let isStuck = spoolThread.isStuck(.now())
        let (isNew, isForSpool) = state.withLock { state in
            let isNew = state.detour == nil
            let isAgain = state.returning != nil
            if isNew {
                state.detour = state.returning ?? Detour(trouble: trouble)
                state.returning = nil
            }
            state.detour?.trouble = trouble
            state.nextRecovery = .now() + IngressLimits.recovery
            if !isStuck {
                // The order in which they were taken: those of the commit came first.
                state.spooling.append(contentsOf: takeAll(&state.committing))
                state.spooling.append(contentsOf: takeAll(&state.gathering))
            }
            return (isNew && !isAgain, !state.spooling.isEmpty)
        }
        if isNew {
            logger.error(
                "the store takes no deliveries: they go to the spool",
                metadata: [
                    "error": "\(trouble)", "hint": "\(trouble.operatorHint)",
                    "spool": "\(spool?.path ?? "")",
                ]
            )
        }
        if isForSpool { scheduleAppend() }
        return !isStuck
    }

    /// Sees to it that what waits for the spool is appended.
    func scheduleAppend() {
        let isDue = state.withLock { state in
            defer { state.isAppendScheduled = true }
            return !state.isAppendScheduled
        }
        guard isDue else { return }
        spoolThread.enqueue { [self] in appendAll() }
    }

    /// Waits until everything that goes to the spool is there and answered, or the spool's disk
    /// hangs as well.
    func allAppended() async {
        let promise = eventLoop.makePromise(of: Void.self)
        let isDone = state.withLock { state in
            let isDone = state.spooling.isEmpty && state.appending.isEmpty
            if !isDone { state.whenAppended.append(promise) }
            return isDone
        }
        if isDone { promise.succeed() }
        let limit = eventLoop.scheduleTask(in: IngressLimits.commit) { promise.succeed() }
        // It only ever succeeds.
        try? await promise.futureResult.get()
        limit.cancel()
    }

    /// Whether there is a spool that takes nothing.
    var isSpoolBroken: Bool {
        spoolTrouble != nil || spool?.trouble != nil || spoolThread.isStuck(.now())
    }

    // MARK: The spool's thread

    private func appendAll() {
        guard let spool else { preconditionFailure("only a spool is appended to") }
        while let batch = nextAppend() {
            let deliveries = batch.map(\.delivery)
            do throws(SpoolError) {
                let count = try spool.append(deliveries)
                FaultPoint.spooled.reach()
                let appended = Set(batch.prefix(count).map(\.ticket))
                // Without those that were withdrawn meanwhile.
                let waiting = state.withLock { state in
                    state.counts.spooled += count
                    state.detour?.spooled += count
                    state.returning?.spooled += count
                    return takeAll(&state.appending)
                }
                tell(waiting.filter { appended.contains($0.ticket) }.map { ($0, .spooled) })
                deliveryLog.spooled(deliveries.prefix(count))
                if count < batch.count {
                    refuseSpooling(
                        waiting.filter { !appended.contains($0.ticket) },
                        .full(file: spool.path, bytesMax: spool.bytesMax)
                    )
                }
            } catch {
                refuseSpooling(state.withLock { takeAll(&$0.appending) }, error)
            }
            spoolThread.noteProgress()
        }
        newWork.yield()
        for promise in state.withLock({ takeAll(&$0.whenAppended) }) { promise.succeed() }
    }

    private func nextAppend() -> [Waiting]? {
        state.withLock { state in
            var bytes = 0
            while bytes < Limits.batchBytes, let waiting = state.spooling.popFirst() {
                bytes += waiting.delivery.body.count
                state.appending.append(waiting)
            }
            state.isAppendScheduled = !state.appending.isEmpty
            return state.isAppendScheduled ? state.appending : nil
        }
    }

    private func refuseSpooling(_ batch: [Waiting], _ error: SpoolError) {
        let trouble = state.withLock { state in
            if case .full = error { state.isOrderGivenUp = true }
            return state.detour?.trouble ?? state.returning?.trouble
        }
        let store = trouble ?? .silent
        refuse(
            batch,
            "\(store.reason), and \(error.reason)",
            because: "\(store); \(error)"
        )
    }
}

extension SpoolError {
    /// What a client may know of it: no paths.
    var reason: String {
        switch self {
        case .full: "the spool is full"
        case .diskFull: "the spool's disk is full"
        case .lost: "the spool was moved or deleted"
        case .cannotOpen, .notASpool, .newer, .notOwned, .inUse, .cannotWrite, .cannotRead,
            .damaged:
            "the spool cannot be written"
        }
    }
}
