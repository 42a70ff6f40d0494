import Foundation
import NIOCore
import Program
import QueueCore
import Settings

/// What the ingress says of itself at its health port.
enum IngressState: Equatable, Sendable {
    /// It takes deliveries; the note says how, if not into the store.
    case ready(note: String?)

    /// It answers, but takes none.
    case notReady(String)

    /// Nobody answers: a sentence that says so.
    case silent(String)

    /// Something else has the port: a sentence that says what.
    case other(String)
}

/// What `/readyz` says, as far as it is read here.
struct ReadyAnswer: Decodable, Equatable {
    var status: String
    /// The uuid of the store; nil while the ingress does not know it.
    var store: String?
    /// What stands in for the store.
    var durable: String?

    /// Reads a body; nil when it is none of Samovar's.
    init?(_ body: String) {
        guard let answer = try? JSONDecoder().decode(Self.self, from: Data(body.utf8)) else {
            return nil
        }
        self = answer
    }

    /// A sentence about who answers in place of the ingress with the expected store; nil when that
    /// answers, or when one of the two is not known.
    func stranger(at health: String, than expected: String?) -> String? {
        guard let store, let expected, store != expected else { return nil }
        return "another Samovar answers at \(health): its store is \(store), "
            + "and this is \(expected)"
    }
}

/// The health port that a configuration names, and what it answered.
struct IngressFacts: Equatable, Sendable {
    /// `127.0.0.1:8481`.
    var health: String
    var state: IngressState

    /// Facts that are known.
    init(health: String, state: IngressState) {
        self.health = health
        self.state = state
    }

    /// Asks, and waits for a second at most.
    ///
    /// Nil when there is nobody to ask: no health port, one that the system chooses, or one of
    /// another machine; also when a mistake hides it. `store` is the uuid of this site's store, which
    /// the answer must name; nil when that could not be read.
    init?(asking configuration: Configuration, about store: String?) async throws {
        guard !configuration.unread.contains(.ingress) else { return nil }
        try await self.init(asking: configuration.ingress, about: store)
    }

    init?(asking ingress: IngressSettings, about store: String?) async throws {
        guard let health = ingress.health?.local, health.port != 0, health.isLoopback else {
            return nil
        }
        self.health = "\(health)"
        let url = ingress.readyURL
        do {
            let answer = try await IngressClient.with(patience: Self.patience) { client in
                try await client.get(url)
            }
            state = Self.state(answer, at: "\(health)", about: store)
        } catch let failure as Failure {
            state = .silent(failure.message)
        }
    }

    /// What an answer means for who has this store.
    static func state(
        _ answer: IngressClient.Answer,
        at health: String,
        about store: String?
    ) -> IngressState {
        let said = ReadyAnswer(answer.body)
        if let stranger = said?.stranger(at: health, than: store) { return .other(stranger) }
        guard answer.status == 200 else { return .notReady(answer.text) }
        // "Ready" of a program that cannot say for which store is no all-clear.
        guard let said, said.store != nil || said.durable != nil else {
            return .other(
                "what answers at \(health) is not an ingress of this version: \(answer.text)"
            )
        }
        return .ready(note: said.durable == nil ? nil : answer.text)
    }

    /// Nobody wants to wait for `status`; an ingress that is well answers within milliseconds.
    private static let patience = TimeAmount.seconds(1)
}

// MARK: - What it means

extension IngressFacts {
    var diagnosis: Diagnosis {
        switch state {
        case .ready(let note):
            Diagnosis(.site, "ingress", .ok, note.map { "ready: \($0)" } ?? "ready at \(health)")
        case .notReady(let reason):
            Diagnosis(
                .site,
                "ingress",
                .warning,
                "not ready: \(reason)",
                hint: "Deliveries are refused with 503: its log says why."
            )
        case .other(let what):
            Diagnosis(
                .site,
                "ingress",
                .warning,
                what,
                hint: "Deliveries to its port never come here: stop one of them, or give it ports "
                    + "of its own (ingress.listen, ingress.health)."
            )
        case .silent(let reason):
            Diagnosis(
                .site,
                "ingress",
                .warning,
                reason,
                hint: "Deliveries get lost while it is away: systemctl status samovar-ingress, "
                    + "or start `samovar up`."
            )
        }
    }

    var cell: Cell {
        switch state {
        case .ready(nil): Cell("ready")
        case .ready(let note?): Cell("ready: \(note)", tone: .attention)
        case .notReady(let reason): Cell("not ready: \(reason)", tone: .bad)
        case .silent(let reason), .other(let reason): Cell(reason, tone: .bad)
        }
    }

    var json: JSONValue {
        let (isAnswering, isReady, note): (Bool, Bool, String?) =
            switch state {
            case .ready(let note): (true, true, note)
            case .notReady(let reason): (true, false, reason)
            case .silent(let reason): (false, false, reason)
            case .other(let what): (true, false, what)
            }
        return .object([
            ("health", .string(health)), ("answers", .boolean(isAnswering)),
            ("ready", .boolean(isReady)), ("note", .optional(note)),
        ])
    }
}
