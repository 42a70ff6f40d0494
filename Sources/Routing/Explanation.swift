import Gitea
import QueueCore
import Settings

/// A decision's record: what was read, what every gate and every route said to it, and the jobs.
///
/// docs/CONTRACT.md has its members.
enum Explanation {
    static func json(malformed reason: String) -> String {
        #"{"malformed":\#(JSONText.quoted(reason))}"#
    }

    static func json(event: Event, mismatched reason: String) -> String {
        #"{"event_type":\#(JSONText.quoted(event.type)),"#
            + #""mismatched":\#(JSONText.quoted(reason))}"#
    }

    /// What was said of an event: by the gates, and by each route in the order of the
    /// configuration.
    static func json(event: Event, gates: Gates, answers: [RouteAnswer]) -> String {
        var json: [UInt8] = []
        json.reserveCapacity(bytesBeforeRoutes + answers.count * bytesPerRoute)
        json.append(contentsOf: #"{"event_type":"#.utf8)
        JSONText.append(event.type, to: &json)
        json.append(contentsOf: #","action":"#.utf8)
        // One of the wrong type is a mistake only where a route reads it, which none did.
        if let action = try? event.action {
            JSONText.append(action, to: &json)
        } else {
            json.append(contentsOf: "null".utf8)
        }
        json.append(contentsOf: #","gates":"#.utf8)
        appendList(gates.verdicts, to: &json, append)
        json.append(contentsOf: #","routes":"#.utf8)
        appendList(answers, to: &json, append)
        json.append(contentsOf: #","jobs":"#.utf8)
        appendList(answers.filter(\.hasJob), to: &json, appendJob)
        json.append(UInt8(ascii: "}"))
        return String(decoding: json, as: UTF8.self)
    }

    /// Bytes of the type, the action and what the gates usually say.
    private static let bytesBeforeRoutes = 512

    /// Bytes that one route usually takes: name and reason of some 30 each, and the keys.
    private static let bytesPerRoute = 128
}

// MARK: - Parts

extension Explanation {
    private static func append(_ verdict: GateVerdict, to json: inout [UInt8]) {
        append("gate", verdict.gate.rawValue, isFirst: true, to: &json)
        append("verdict", verdict.word.rawValue, to: &json)
        append("because", verdict.because, to: &json)
        json.append(UInt8(ascii: "}"))
    }

    private static func append(_ answer: RouteAnswer, to json: inout [UInt8]) {
        append("route", answer.route.name, isFirst: true, to: &json)
        switch answer.outcome {
        case .job(_, _, let assumption):
            json.append(contentsOf: #","matched":true"#.utf8)
            if let assumption { append("assuming", assumption, to: &json) }
        case .held(let gate):
            json.append(contentsOf: #","matched":false"#.utf8)
            append("gate", gate.gate.rawValue, to: &json)
            append("because", gate.reason, to: &json)
        case .fails(let reason):
            json.append(contentsOf: #","matched":false"#.utf8)
            append("because", reason, to: &json)
        }
        if answer.route.mode == .shadow { append("mode", "shadow", to: &json) }
        json.append(UInt8(ascii: "}"))
    }

    private static func appendJob(_ answer: RouteAnswer, to json: inout [UInt8]) {
        guard case .job(let job, let trust, _) = answer.outcome else { return }
        append("route", job.route, isFirst: true, to: &json)
        append("handler", job.handler.rawValue, to: &json)
        append("lane", job.lane, to: &json)
        append("trust", trust.word, to: &json)
        append("trust_needed", job.trustNeeded, to: &json)
        append("mode", answer.route.mode.rawValue, to: &json)
        json.append(UInt8(ascii: "}"))
    }

    private static func appendList<Element>(
        _ elements: [Element],
        to json: inout [UInt8],
        _ append: (Element, inout [UInt8]) -> Void
    ) {
        json.append(UInt8(ascii: "["))
        for (number, element) in elements.enumerated() {
            if number > 0 { json.append(UInt8(ascii: ",")) }
            append(element, &json)
        }
        json.append(UInt8(ascii: "]"))
    }

    private static func append(
        _ key: StaticString,
        _ text: String?,
        isFirst: Bool = false,
        to json: inout [UInt8]
    ) {
        json.append(contentsOf: (isFirst ? #"{""# : #",""#).utf8)
        json.append(contentsOf: "\(key)".utf8)
        json.append(contentsOf: #"":"#.utf8)
        if let text {
            JSONText.append(text, to: &json)
        } else {
            json.append(contentsOf: "null".utf8)
        }
    }
}

extension RouteAnswer {
    fileprivate var hasJob: Bool {
        if case .job = outcome { true } else { false }
    }
}

extension TrustVerdict {
    /// Whether the configuration was enough to say that the sender's trust is.
    fileprivate var word: String {
        switch self {
        case .admitted: "admitted"
        case .asked: "asked"
        case .refused: "refused"
        }
    }
}
