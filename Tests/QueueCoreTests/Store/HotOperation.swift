import QueueCore
import TestSupport
import Testing

/// Something that Samovar does for every delivery or job, or again and again, and the indexes
/// behind it.
struct HotOperation: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var indexes: Set<String>
    /// Of something that happens now and then, in a lane, a batch, or among what is live.
    var maySort = false
    var run: @Sendable (TestQueue, [AttemptToken]) async throws -> Void

    init(
        _ name: String,
        _ indexes: Set<String>,
        maySort: Bool = false,
        run: @escaping @Sendable (TestQueue, [AttemptToken]) async throws -> Void
    ) {
        testDescription = name
        self.indexes = indexes
        self.maySort = maySort
        self.run = run
    }

    static let all = ingress + routing + working + rescue + upkeep + operating

    /// A dead job, one of a paused route, one that is delayed, three of a lane, one of them leased.
    ///
    /// - Returns: the token of what is leased.
    static func prepare(_ queue: TestQueue) async throws -> [AttemptToken] {
        _ = try await queue.addDead()
        _ = try await queue.store.pause(.route("paused"), reason: nil)
        _ = try await queue.add([.sample(), .sample(route: "paused")])
        let delayed = try await queue.claim(1)[0].token
        try await queue.end(delayed, .retry(after: .seconds(60)))
        _ = try await queue.add([.sample(lane: "l"), .sample(lane: "l"), .sample(lane: "l")])
        return try await queue.claim(1).map(\.token)
    }

    /// The SQL that makes finished deliveries with a job each: half of them done, the others
    /// cancelled in a lane; a replay of each, and a worker of each.
    static func history(_ count: Int) -> String {
        let then = 1_789_000_000_000_000
        return """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
            INSERT INTO delivery (source, delivery_id, event, event_type, received_at, remote,
                content_type, headers, verified_by, body)
            SELECT 'default', 'past-' || i, 'push', 'push', \(then), '', '', '{}', 'test', x'7b'
            FROM n;
            INSERT INTO routing (delivery, verdict, payload_sha256, decision, decided_at)
            SELECT seq, 'routed', 'sha-' || seq, '{}', \(then) FROM delivery;
            INSERT INTO replay_request (delivery, batch, requested_at, not_before, verdict,
                decided_at)
            SELECT seq, seq, \(then), \(then), 'routed', \(then) FROM delivery;
            INSERT INTO worker (id, host, pid, version, boot, started_at, heartbeat_at, stopped_at)
            SELECT 'past-' || seq, 'host', 1, '0', 'b', \(then), \(then), \(then) FROM delivery
            WHERE seq <= 20;
            INSERT INTO job (delivery, route, handler, repo, lane, run_at, created_at)
            SELECT seq, 'route', 'h', 'o/r', iif(seq % 2, 'l', NULL), \(then), \(then)
            FROM delivery;
            INSERT INTO job (delivery, route, handler, repo, run_at, created_at, replay, replay_of)
            SELECT delivery, route, handler, repo, \(then), \(then), delivery, id
            FROM job
            WHERE lane IS NULL;
            UPDATE job SET state = 'cancelled', reason = 'past', finished_at = \(then)
            WHERE lane = 'l';
            UPDATE job
            SET state = 'leased', attempt = 1, worker = 'w1', lease_until = 1, lease_boot = 'b'
            WHERE lane IS NULL;
            INSERT INTO attempt (job, number, worker, started_at)
            SELECT id, 1, 'w1', \(then) FROM job WHERE state = 'leased';
            UPDATE attempt SET outcome = 'done', ended_at = \(then);
            UPDATE job
            SET state = 'done', worker = NULL, lease_until = NULL, lease_boot = NULL,
                finished_at = \(then)
            WHERE state = 'leased';
            """
    }
}

extension HotOperation {
    private static let ingress = [
        Self("accept", ["sqlite_autoindex_delivery_1"]) { queue, _ in
            let batch: [Delivery] = [
                .sample(id: "a"), .sample(id: "a"), .sample(id: "a", body: "b"),
            ]
            _ = try await queue.store.accept { batch }
        }
    ]

    private static let routing = [
        Self("read what waits", ["routing_waiting", "replay_request_waiting"]) { queue, _ in
            _ = try await queue.store.waitingToBeRouted(atMost: 64)
        },
        Self("decide", ["routing_waiting", "job_by_payload"]) { queue, _ in
            let seq = try await queue.accept()[0]
            let decision = queue.routed(.delivery(seq), [.sample()], payloadSHA256: "new")
            _ = try await queue.store.decide([decision])
        },
        Self(
            "decide what a bot caused",
            ["routing_waiting", "routing_by_bot_issue"]
        ) { queue, _ in
            // The second is one too many.
            for _ in 1...3 {
                let seq = try await queue.accept()[0]
                var decision = queue.routed(.delivery(seq), [.sample()])
                decision.loop = LoopWatch(
                    issue: "default/repo:17/issue:42",
                    events: 1,
                    window: .seconds(3600),
                    reason: "bots caused more than 1 event within 1h on o/r#42"
                )
                _ = try await queue.store.decide([decision])
            }
        },
        Self(
            "decide a repeat",
            ["routing_waiting", "job_by_payload"]
        ) { queue, _ in
            // One of three does it again, one is left alone, one is requeued.
            for job in [NewJob.sample(), .sample(redelivery: .rerun), .sample(route: "other")] {
                let seq = try await queue.accept()[0]
                let decision = queue.routed(.delivery(seq), [job], payloadSHA256: "sha-1")
                _ = try await queue.store.decide([decision])
            }
        },
        Self(
            "decide a replay",
            [
                "routing_waiting", "replay_request_waiting", "job_by_delivery",
            ]
        ) { queue, _ in
            try await queue.replay(DeliverySeq(rawValue: 1))
            for waiting in try await queue.store.waitingToBeRouted(atMost: 1) {
                _ = try await queue.store.decide([queue.routed(waiting.target, [.sample()])])
            }
        },
    ]

    private static let claiming: Set = [
        "job_claimable", "job_leased", "job_delayed", "job_suspect",
    ]

    private static let working = [
        Self("claim", claiming) { queue, _ in
            _ = try await queue.claim(3, ["h": 9, "none": 9])
        },
        Self("claim what is due again", claiming) { queue, _ in
            queue.clock.advance(by: .seconds(60))
            _ = try await queue.claim(3)
        },
        Self("claim what is no longer paused", claiming.union(["job_paused"])) { queue, _ in
            _ = try await queue.store.resume(.route("paused"))
            _ = try await queue.claim(3)
        },
        Self("claim a suspect", claiming.union(["sqlite_autoindex_attempt_1"])) { queue, leased in
            try await queue.lose(leased[0])
            let claimed = try await queue.claim(3, ["h": 9], by: TestQueue.second)
            #expect(!claimed.isEmpty)
        },
        Self("end", ["sqlite_autoindex_attempt_1"]) { queue, leased in
            for token in leased { try await queue.end(token, .retry(after: .zero)) }
        },
        Self("extend", ["sqlite_autoindex_worker_1"]) { queue, leased in
            _ = try await queue.store.extend(leased, worker: TestQueue.first)
        },
        Self("look for cancel requests", ["job_leased"]) { queue, _ in
            _ = try await queue.store.cancelRequests(of: TestQueue.first)
        },
        Self("look when the next job is due", ["job_delayed"]) { queue, _ in
            _ = try await queue.store.nextDue()
        },
        Self(
            "follow a clock that was set back",
            claiming.union(["job_live", "replay_request_waiting"])
        ) { queue, _ in
            queue.clock.step(by: .seconds(-3600))
            _ = try await queue.claim(1)
        },
        Self("look what is ready when a worker starts", ["job_live"], maySort: true) { queue, _ in
            _ = try await queue.store.readyJobs()
        },
        Self("check a lease", ["sqlite_autoindex_attempt_1"]) { queue, leased in
            for token in leased { _ = try await queue.store.check(token) }
        },
    ]

    private static let rescue = [
        Self("look at all leases", ["job_leased"]) { queue, _ in
            _ = try await queue.store.leases()
        },
        Self("take over", ["sqlite_autoindex_attempt_1"]) { queue, leased in
            let lease = Lease(
                token: leased[0],
                worker: TestQueue.first,
                until: queue.clock.leaseEnd,
                boot: "boot-1"
            )
            let seized = try await queue.store.seize(
                [OrphanedAttempt(lease: lease, cause: .workerDied)],
                by: TestQueue.second,
                lease: Limits.lease
            )
            #expect(seized == [leased[0]])
        },
        Self("lose", ["sqlite_autoindex_attempt_1"]) { queue, leased in
            let lost = try await queue.store.lose(leased, by: TestQueue.first)
            #expect(lost == [.written(.ready)])
        },
        Self("retire the dead", ["job_leased", "sqlite_autoindex_worker_1"]) { queue, _ in
            _ = try await queue.store.retireDead(
                isDead: { _ in true },
                wasRouting: { _ in [.delivery(DeliverySeq(rawValue: 1))] }
            )
        },
    ]

    private static let upkeep = [
        Self(
            "prune",
            [
                "job_by_delivery", "job_ended", "replay_request_by_delivery", "routing_with_body",
                "delivery_without_body", "job_leased",
            ]
        ) { queue, _ in
            let retention = Retention(
                bodies: .seconds(1),
                jobs: .seconds(1),
                deliveries: .seconds(1)
            )
            for _ in 1...2 { _ = try await queue.store.prune(retention) }
        }
    ]

    private static let operating = [
        Self("requeue", []) { queue, _ in
            _ = try await queue.requeue([JobID(rawValue: 1)])
        },
        Self("cancel", []) { queue, leased in
            _ = try await queue.store.cancel(leased.map(\.job))
        },
        Self("retry now", []) { queue, _ in
            _ = try await queue.store.retryNow([JobID(rawValue: 2)])
        },
        Self(
            "cancel a replay",
            ["job_by_replay", "replay_request_by_batch"],
            maySort: true
        ) { queue, _ in
            let batch = try await queue.replay(DeliverySeq(rawValue: 1)).id
            _ = try await queue.store.cancelReplay(batch: batch)
        },
        Self(
            "ask why",
            [
                "job_claimable", "job_lane_live", "job_lane_runs_one_at_a_time", "job_leased",
                "job_suspect",
                // The error of its last attempt: one seek.
                "sqlite_autoindex_attempt_1",
            ],
            maySort: true
        ) { queue, leased in
            // The next of its lane.
            let job = JobID(rawValue: leased[0].job.rawValue + 1)
            _ = try await queue.store.situation(of: job)
        },
        Self("find a delivery", ["sqlite_autoindex_delivery_1"]) { queue, _ in
            _ = try await queue.store.find(delivery: "delivery-1")
        },
    ]
}
