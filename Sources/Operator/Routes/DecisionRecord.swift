import Foundation
import QueueCore

/// A decision as it is recorded in `routing.decision`: what was read, what every gate and every
/// route said to it, and the jobs.
///
/// docs/CONTRACT.md has its members. Records of older versions lack some, so all may be missing.
struct DecisionRecord: Decodable, Equatable, Sendable {
    struct Gate: Decodable, Equatable, Sendable {
        var gate: String
        var verdict: String
        var because: String
    }

    struct Route: Decodable, Equatable, Sendable {
        var route: String
        var matched: Bool
        var because: String?
        var assuming: String?
        var gate: String?
        var mode: String?
    }

    struct Job: Decodable, Hashable, Sendable {
        var route: String
        var handler: String
        var lane: String?
        var trust: String?
        var trustNeeded: String?
        var mode: String?

        private enum CodingKeys: String, CodingKey {
            case route, handler, lane, trust, mode
            case trustNeeded = "trust_needed"
        }
    }

    /// What the store did with a delivery whose bytes came before.
    struct Repeat: Decodable, Equatable, Sendable {
        struct Route: Decodable, Equatable, Sendable {
            var route: String
            /// The earlier job; nil when these bytes never made one for the route.
            var job: Int64?
            /// `new`, `requeued`, `rerun` or `left alone`.
            var then: String

            /// Whether the delivery made no job of its own.
            var isWithoutJob: Bool { !["new", "rerun"].contains(then) }

            /// For people: `job 33, left alone`.
            var text: String { (job.map { "job \($0), " } ?? "") + then }
        }

        /// The earlier delivery.
        var of: Int64
        var routes: [Route]
    }

    /// What the store counted when a bot caused it.
    struct Loop: Decodable, Equatable, Sendable {
        var issue: String
        /// Events that count, up to `most`.
        var earlier: Int64
        var most: Int64
        var parked: Bool
    }

    var eventType: String?
    var action: String?
    var malformed: String?
    var mismatched: String?
    var gates: [Gate]?
    var routes: [Route]?
    /// Nil in records of versions that did not have it.
    var jobs: [Job]?
    /// Nil for what repeats nothing.
    var repeated: Repeat?
    /// Nil for what no bot caused.
    var loop: Loop?

    private enum CodingKeys: String, CodingKey {
        case action, malformed, mismatched, gates, routes, jobs, loop
        case eventType = "event_type"
        case repeated = "repeat"
    }

    /// Reads a record; nil for one that is none.
    init?(json: String) {
        // Whatever was written there by hand is shown as it is by `deliveries show`.
        guard let record = try? JSONDecoder().decode(Self.self, from: Data(json.utf8)) else {
            return nil
        }
        self = record
    }
}

extension DecisionRecord {
    /// What a route said, in a word: `job`, `shadow`, `gate`, `no`; nil when it was not asked.
    func word(of route: String) -> String? {
        guard let said = said(by: route) else { return nil }
        if said.matched { return said.mode == "shadow" ? "shadow" : "job" }
        return said.gate == nil ? "no" : "gate"
    }

    func said(by route: String) -> Route? {
        routes?.first { $0.route == route }
    }

    func job(of route: String) -> Job? {
        jobs?.first { $0.route == route }
    }

    /// What the store did with a route's job, as an earlier delivery had the same bytes.
    func repeated(by route: String) -> Repeat.Route? {
        repeated?.routes.first { $0.route == route }
    }

    /// As `word(of:)`, but `repeat` where the earlier job was all there was.
    func outcome(of route: String) -> String? {
        if word(of: route) == "job", repeated(by: route)?.isWithoutJob == true { return "repeat" }
        return word(of: route)
    }

    /// What kept a route from its job, or what was assumed.
    func because(_ route: String) -> String? {
        guard let said = said(by: route) else { return nil }
        return said.because ?? said.assuming.map { "assuming: \($0)" }
    }

    /// The routes, in their order.
    var routeNames: [String] { (routes ?? []).map(\.route) }
}

/// What was recorded, and what the present configuration says: where they differ.
struct DecisionComparison: Sendable {
    let then: DecisionRecord
    let now: DecisionRecord

    /// All routes, those that are there now first.
    var routeNames: [String] {
        now.routeNames + then.routeNames.filter { !now.routeNames.contains($0) }
    }

    /// Whether a route's answer has other consequences now.
    ///
    /// That another condition of it fails is none.
    func differs(_ route: String) -> Bool {
        let (before, after) = (then.word(of: route) ?? "no", now.word(of: route) ?? "no")
        if before != after { return Self.isOfConsequence(before, after) }
        guard then.jobs != nil, let old = then.job(of: route), let new = now.job(of: route) else {
            return false
        }
        return old != new
    }

    /// A gate and a condition come to the same.
    private static func isOfConsequence(_ before: String, _ after: String) -> Bool {
        let jobless = ["no", "gate"]
        return !(jobless.contains(before) && jobless.contains(after))
    }

    /// One sentence for each route that differs.
    var differences: [String] {
        var sentences: [String] = []
        if (then.malformed ?? then.mismatched) != (now.malformed ?? now.mismatched) {
            sentences.append("it is read otherwise")
        }
        return sentences + routeNames.filter(differs).map(sentence)
    }

    private func sentence(_ route: String) -> String {
        switch (then.word(of: route) ?? "no", now.word(of: route) ?? "no") {
        case ("job", "job"), ("shadow", "shadow"): "\(route) runs otherwise"
        case (_, "job"): "\(route) newly runs"
        case ("job", "shadow"): "\(route) only says that it would run"
        case ("job", _): "\(route) no longer runs"
        case (_, "shadow"): "\(route) newly says that it would run"
        case (_, _): "\(route) no longer says that it would run"
        }
    }
}
