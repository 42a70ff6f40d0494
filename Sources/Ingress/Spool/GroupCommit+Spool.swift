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
        let (isOverdue, isWaiting) = state.withLock { state in
            let oldest = [state.committing.first?.since, state.gathering.first?.since]
                .compactMap(\.self).min()
            let isOverdue = oldest.map { $0 + IngressLimits.storeBudget <= now } ?? false
            // Its thread may well be blocked: the spool works, and so the process does.
            return (
                isOverdue && !state.isSpoolStuck(now),
                state.detour != nil || state.returning != nil
            )
        }
        if isOverdue { _ = takeDetour(.silent) }
        guard isWaiting || (spool?.depth.deliveries ?? 0) > 0 else { return }
        if isWaiting, spool?.trouble == nil { pulse.beat() }
        newWork.yield()
    }

    /// Hands everything that waits for the store to the spool, and what comes next as well.
    ///
    /// What is part of a running commit goes there too: it may be stored twice so, and the import
    /// finds that it is there.
    ///
    /// - Returns: false when there is no spool to go to.
    func takeDetour(_ trouble: StoreTrouble) -> Bool {
        guard spool != nil else { return false }
        let (isNew, isForSpool) = state.withLock { state in
            let isNew = state.detour == nil
            let isAgain = state.returning != nil
            if isNew {
                state.detour = state.returning ?? Detour(trouble: trouble)
                state.returning = nil
                if !isAgain { state.counts.detours += 1 }
            }
            state.detour?.trouble = trouble
            state.nextRecovery = .now() + IngressLimits.recovery
            // The order in which they were taken: those of the commit came first.
            state.spooling.append(contentsOf: takeAll(&state.committing))
            state.spooling.append(contentsOf: takeAll(&state.gathering))
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
        return true
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

    // MARK: The spool's thread

    private func appendAll() {
        guard let spool else { preconditionFailure("only a spool is appended to") }
        while let batch = nextAppend() {
            let deliveries = batch.map(\.delivery)
            do throws(SpoolError) {
                let count = try spool.append(deliveries)
                FaultPoint.spooled.reach()
                state.withLock { state in
                    state.counts.spooled += count
                    state.detour?.spooled += count
                    state.returning?.spooled += count
                }
                tell(batch[..<count].map { ($0, .spooled) })
                deliveryLog.spooled(deliveries.prefix(count))
                if count < batch.count {
                    refuseSpooling(
                        Array(batch[count...]),
                        .full(file: spool.path, bytesMax: spool.bytesMax)
                    )
                }
            } catch {
                refuseSpooling(batch, error)
            }
        }
        newWork.yield()
        for promise in state.withLock({ takeAll(&$0.whenAppended) }) { promise.succeed() }
    }

    private func nextAppend() -> [Waiting]? {
        state.withLock { state in
            state.appending = []
            state.appendingSince = nil
            var bytes = 0
            while bytes < Limits.batchBytes, let waiting = state.spooling.popFirst() {
                bytes += waiting.delivery.body.count
                state.appending.append(waiting)
            }
            state.isAppendScheduled = !state.appending.isEmpty
            guard state.isAppendScheduled else { return nil }
            state.appendingSince = .now()
            return state.appending
        }
    }

    private func refuseSpooling(_ batch: [Waiting], _ error: SpoolError) {
        let trouble = state.withLock { $0.detour?.trouble ?? $0.returning?.trouble }
        let store = trouble ?? .silent
        refuse(
            batch,
            "\(store.reason), and \(error.reason)",
            because: "\(store); \(error)"
        )
    }
}

extension GroupCommit.State {
    /// Whether the spool's own disk hangs: then the store is waited for, as without a spool.
    func isSpoolStuck(_ now: NIODeadline) -> Bool {
        appendingSince.map { $0 + IngressLimits.storeBudget <= now } ?? false
    }
}

extension SpoolError {
    /// What a client may know of it: no paths.
    var reason: String {
        switch self {
        case .full: "the spool is full"
        case .diskFull: "the spool's disk is full"
        case .cannotOpen, .notASpool, .newer, .notOwned, .inUse, .cannotWrite, .cannotRead,
            .damaged:
            "the spool cannot be written"
        }
    }
}
