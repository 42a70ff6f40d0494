import TestSupport

/// What is done to the programs of one history.
///
/// Numbers choose among what there is at that time (the seventh job), so that a seed gives the same
/// operations whatever came of those before.
enum CrashOperation: Equatable, Sendable {
    case send(count: Int, lane: Int)
    case killIngress(sending: Int, microseconds: Int)
    case killWorker(Int)
    /// SIGSTOP, and SIGCONT after a while.
    case stopWorker(Int, milliseconds: Int)
    /// SIGTERM; another one takes its place at once.
    case endWorker(Int)
    /// A changed file and SIGHUP.
    case reload(Int)
    case command(OperatorWish)
    case shell(OperatorWish)
    case setClock(secondsAhead: Int)
    /// A stranger's transaction.
    case stallStore(milliseconds: Int)
    case rest(milliseconds: Int)

    /// What an operator wants, by whatever tool.
    enum OperatorWish: Equatable, Sendable {
        case pause(String)
        case resume(String)
        case cancel(job: Int)
        case retryNow(job: Int)
        case requeueAll
        case replay(delivery: Int)
    }

    /// The operations of a history.
    ///
    /// - Parameters:
    ///   - seed: decides all of them.
    ///   - count: how many.
    /// - Returns: the same for the same seed.
    static func history(seed: UInt64, count: Int) -> [CrashOperation] {
        var random = SeededRandom(seed: seed)
        // There is something to do from the beginning.
        return [CrashOperation.send(count: 6, lane: 0)] + (0..<count).map { _ in next(&random) }
    }

    private static func next(_ random: inout SeededRandom) -> CrashOperation {
        let worker = Int.random(in: 0..<CrashHistory.workersMost, using: &random)
        let number = Int.random(in: 0..<1000, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case ..<28: return .send(count: number % 8 + 1, lane: worker)
        case ..<36: return .killIngress(sending: number % 8 + 1, microseconds: number * 30)
        case ..<48: return .killWorker(worker)
        case ..<56: return .stopWorker(worker, milliseconds: 200 + number * 3)
        case ..<62: return .endWorker(worker)
        case ..<66: return .reload(worker)
        case ..<74: return .command(wish(number, &random))
        case ..<82: return .shell(wish(number, &random))
        case ..<87:
            let steps = [-86_400, -3_600, -5, 0, 5, 3_600, 86_400]
            return .setClock(secondsAhead: steps[number % steps.count])
        // Longer than a lease, as a rule.
        case ..<92: return .stallStore(milliseconds: 500 + number * 2)
        default: return .rest(milliseconds: number)
        }
    }

    private static func wish(_ number: Int, _ random: inout SeededRandom) -> OperatorWish {
        let handler = CrashHistory.handlers[number % CrashHistory.handlers.count].name
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return .pause(handler)
        case 1: return .resume(handler)
        case 2: return .cancel(job: number)
        case 3: return .retryNow(job: number)
        case 4: return .requeueAll
        default: return .replay(delivery: number)
        }
    }
}
