import QueueCore
import TestSupport

/// A random history of a queue: two processes with a store each, three workers in them, and the
/// model beside them.
struct History {
    var random: SeededRandom
    var model: QueueModel
    var clock: TestClock
    var stores: [SQLiteStore] = []
    /// The process of each worker that lives; in the order of their names.
    var workers: [(id: WorkerID, store: Int)] = []
    /// Workers whose lock is free though their row says nothing of it.
    var dead: Set<WorkerID> = []
    /// Tokens of earlier claims: most are stale.
    var known: [AttemptToken] = []
    /// What the store answered and what became of rows, without their numbers.
    private(set) var seen: Set<String> = []
    private let path: String
    private let shell: Shell
    private var step = 0
    private var names = 0
    private var trace: [String] = []

    init(seed: UInt64, path: String) async throws {
        self.path = path
        random = SeededRandom(seed: seed)
        clock = TestClock()
        model = QueueModel(moment: Self.moment(of: clock))
        for _ in 0..<2 { stores.append(try SQLiteStore(path: path, clocks: clock.clocks)) }
        shell = try Shell(path)
        for store in [0, 1, 0] { try await hire(for: store) }
    }

    /// Runs steps, and compares all there is now and then.
    ///
    /// - Throws: ``Mismatch`` with the last steps, for whatever goes wrong.
    mutating func run(steps: Int) async throws {
        while step < steps {
            step += 1
            do {
                model.moment = Self.moment(of: clock)
                try await takeStep()
                if step % 250 == 0 || step == steps {
                    try compareAll(with: shell)
                    seeRows()
                }
                if step % 1250 == 0 || step == steps { try checkSoundness(ofStoreAt: path) }
            } catch {
                throw Mismatch("step \(step): \(error)\n\(trace.joined(separator: "\n"))")
            }
        }
        for store in stores { try await store.close() }
        try shell.close()
    }

    /// Remembers what happens, for whoever has to find out why it went wrong.
    mutating func note(_ text: String) {
        trace.append("\(step) \(text)")
        if trace.count > 30 { trace.removeFirst() }
    }

    mutating func expect<Value: Equatable>(_ found: Value, is expected: Value) throws {
        guard found == expected else {
            throw Mismatch("the store says \(found)\nthe model says \(expected)")
        }
        switch found {
        case let answers as [Acceptance]: for answer in answers { see(answer) }
        case let answers as [JobChange]: for answer in answers { see(answer) }
        case let answers as [EndResult]: for answer in answers { see(answer) }
        case is EndResult, is LeaseCheck, is RoutingResult: see(found)
        default: break
        }
    }

    private mutating func see(_ value: Any) {
        let text = "\(value)".filter { !$0.isNumber }
        seen.insert(text.replacing("QueueCore.", with: ""))
    }

    private mutating func seeRows() {
        for job in model.jobs.values {
            if let reason = job.reason { see(reason) }
            for outcome in job.outcomes { see(outcome) }
            if job.replayOf != nil, job.replay == nil { see("a repeat that runs again") }
        }
        for delivery in model.deliveries.values {
            if let verdict = delivery.verdict { see(verdict) }
            if let reason = delivery.reason { see(reason) }
        }
        for replay in model.replays.values { see(replay.verdict ?? "waits") }
        if model.prunedDeliveries > 0 { see("pruned deliveries") }
    }

    static func moment(of clock: TestClock) -> QueueModel.Moment {
        let clocks = clock.clocks
        return QueueModel.Moment(
            now: clocks.now(),
            monotonic: clocks.monotonic(),
            boot: clocks.bootID
        )
    }

    // MARK: Workers

    mutating func hire(for store: Int) async throws {
        names += 1
        let id = WorkerID(rawValue: "w\(10_000 + names)")
        try await stores[store].register(
            WorkerRegistration(id: id, host: "host", pid: 1, version: "0")
        )
        model.followClock()
        model.workers.insert(id)
        workers.append((id, store))
    }

    /// A worker process dies; another takes its place.
    mutating func crash(_ place: Int) async throws {
        let worker = workers.remove(at: place)
        dead.insert(worker.id)
        try await hire(for: worker.store)
    }

    /// Opens a store anew, as a process does that was started again.
    mutating func reopen(_ place: Int) async throws {
        try await stores[place].close()
        stores[place] = try SQLiteStore(path: path, clocks: clock.clocks)
    }

    // MARK: Chance

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    mutating func chance(_ percent: Int) -> Bool {
        number(1...100) <= percent
    }

    mutating func store() -> SQLiteStore {
        stores[number(0...1)]
    }

    /// One of a few, or nil of none.
    mutating func pick<Value>(_ values: [Value]) -> Value? {
        values.randomElement(using: &random)
    }

    /// A job of any state, most often one that is asked for, or one that does not exist.
    mutating func someJob(_ fits: (QueueModel.JobRow) -> Bool) -> JobID {
        let fitting = model.jobs.filter { fits($1) }.keys.sorted()
        if chance(80), let id = pick(fitting) { return JobID(rawValue: id) }
        return JobID(rawValue: Int64(number(1...Int(model.lastJob) + 2)))
    }

    mutating func pace() -> Pace {
        switch number(1...4) {
        case 1: Pace(start: model.moment.now + .seconds(number(1...60)))
        case 2: Pace(start: model.moment.now, spacing: .seconds(number(1...20)))
        default: Pace(start: model.moment.now)
        }
    }
}
