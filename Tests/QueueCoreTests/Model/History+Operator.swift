import QueueCore

extension History {
    mutating func requeue() async throws {
        let jobs = (0..<number(1...3)).map { _ in someJob { $0.state == .dead } }
        let pace = pace()
        note("requeue \(jobs) \(pace)")
        try expect(
            try await store().requeue(jobs, pace: pace),
            is: model.requeue(jobs, pace: pace)
        )
    }

    mutating func discard() async throws {
        let jobs = (0..<number(1...2)).map { _ in someJob { $0.state == .dead } }
        note("discard \(jobs)")
        try expect(try await store().discard(jobs), is: model.discard(jobs))
    }

    mutating func undiscard() async throws {
        let jobs = (0..<number(1...2)).map { _ in someJob { $0.diedAt != nil } }
        note("undiscard \(jobs)")
        try expect(try await store().undiscard(jobs), is: model.undiscard(jobs))
    }

    mutating func cancel() async throws {
        let jobs = (0..<number(1...2)).map { _ in someJob { $0.isLive } }
        note("cancel \(jobs)")
        try expect(try await store().cancel(jobs), is: model.cancel(jobs))
    }

    mutating func retryNow() async throws {
        let now = model.moment.now
        let jobs = (0..<number(1...3)).map { _ in someJob { $0.state == .ready && $0.runAt > now } }
        note("retry \(jobs) now")
        try expect(try await store().retryNow(jobs), is: model.retryNow(jobs))
    }

    // MARK: Replays

    mutating func replay() async throws {
        guard model.live.count < 60 else { return }
        let seqs = (0..<number(0...4)).map { _ in
            DeliverySeq(rawValue: Int64(number(1...Int(model.lastDelivery) + 1)))
        }
        let pace = pace()
        note("replay \(seqs) \(pace)")
        guard let batch = model.replay(seqs, pace: pace) else {
            do throws(StoreError) {
                _ = try await store().replay(seqs, pace: pace)
            } catch {
                guard case .refused = error else { throw error }
                return
            }
            throw Mismatch("a replay without a body was taken")
        }
        try expect(try await store().replay(seqs, pace: pace), is: batch)
    }

    mutating func cancelReplay() async throws {
        let batch = Int64(number(1...Int(model.lastReplay) + 1))
        note("cancel replay \(batch)")
        try expect(try await store().cancelReplay(batch: batch), is: model.cancelReplay(batch))
    }

    // MARK: Pauses

    mutating func pause() async throws {
        // Not so many that nothing is left to run.
        guard model.pauses.count < 2, let target = someTarget() else { return }
        note("pause \(target)")
        let isNew = model.pauses.insert(target).inserted
        try expect(try await store().pause(target, reason: "because"), is: isNew)
    }

    mutating func resume() async throws {
        let paused = model.pauses.sorted { "\($0)" < "\($1)" }
        guard let target = chance(80) ? pick(paused) : someTarget() else { return }
        note("resume \(target)")
        try expect(try await store().resume(target), is: model.resume(target))
    }

    private mutating func someTarget() -> PauseTarget? {
        pick([
            .everything, .handler(HandlerName(rawValue: "a")), .handler(HandlerName(rawValue: "b")),
            .route("once"), .route("shared"), .route("issue"), .route("nobody"),
            .lane("issue:1"), .lane("shared"), .lane("nobody"),
        ])
    }
}
