import ArgumentParser
import Foundation
import Gitea
import Program
import QueueCore
import Routing
import Settings

/// `samovar routes test`.
struct RoutesTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Say what the routes would decide about a request or a payload in a file.",
        discussion: """
            FILE is a recorded request (request line, headers, an empty line, body) or a payload \
            alone, which needs --event; - is standard input. Nothing is sent, stored or run; no \
            store is needed. The signature is not looked at: the delivery counts as verified unless \
            --unverified is given. Exit code 1 says that it is malformed or mismatched.

            Examples:
              samovar routes test issues-opened.http
              samovar routes test payload.json --event issue_comment
              curl … | samovar routes test - --event push
              samovar routes test push.json --event push --at '2026-11-21 23:00' --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(help: ArgumentHelp("A recorded request or a JSON payload; - reads standard input."))
    var file: String

    @Option(
        help: ArgumentHelp("The event type of a payload, as X-Gitea-Event-Type.", valueName: "type")
    )
    var event: String?

    @Option(
        help: ArgumentHelp("The source that takes it; by default the first.", valueName: "name")
    )
    var source: String?

    @Flag(help: "Decide as for a delivery without a signature (verify: observe).")
    var unverified = false

    @Option(
        help: ArgumentHelp("When it comes in; by default now.", valueName: "time"),
        transform: TimeArgument.parse
    )
    var at: TimeArgument?

    func run() async throws {
        try await reporting {
            let configuration = try configurationOption.load(secrets: .skip)
            let subject = try RouteTestSubject(file: file, eventType: event)
            subject.note.map(StandardError.note)
            let now = Clocks.system.now()
            let decision = Router(configuration).decide(
                subject.delivery(
                    source: try Self.source(source, configuration),
                    isVerified: !unverified,
                    receivedAt: at?.instant(now: now) ?? now
                )
            )
            try StandardOutput.write(
                output.json
                    ? JSONOutput.object(Self.json(subject, decision))
                    : Self.text(subject, decision, on: .standardOutput())
            )
            switch decision.verdict {
            case .malformed, .mismatched: throw ExitStatus.findings.code
            case .routed, .ignored, .repeated, .dead: break
            }
        }
    }

    private static func source(
        _ name: String?,
        _ configuration: Configuration
    ) throws(Failure) -> String {
        let names = configuration.ingress.sources.map(\.name)
        guard let name else { return names.first ?? "default" }
        guard names.contains(name) else {
            let meant = NearestWord.to(name, among: names).map { "; did you mean \($0)?" } ?? ""
            throw Failure(
                .notFound,
                "there is no source '\(VisibleText.line(name))'\(meant)",
                hint: "Sources: \(names.joined(separator: ", "))."
            )
        }
        return name
    }

    static func text(
        _ subject: RouteTestSubject,
        _ decision: Decision,
        on terminal: Terminal
    ) -> String {
        let record = DecisionRecord(json: decision.explanation)
        let action = record?.action.map { ", \($0)" } ?? ""
        let reason = decision.reason.map { ": \($0)" } ?? ""
        let tone: Tone =
            switch decision.verdict {
            case .routed: .good
            case .malformed, .mismatched, .dead: .bad
            case .ignored, .repeated: .plain
            }
        let fields = FieldList([
            ("event", Cell((record?.eventType ?? subject.eventType) + action)),
            ("verdict", Cell(decision.verdict.rawValue + reason, tone: tone)),
        ])
        return fields.text(on: terminal)
            + DecisionText(now: record, then: nil).text(on: terminal)
    }

    static func json(_ subject: RouteTestSubject, _ decision: Decision) -> JSONValue {
        let record = DecisionRecord(json: decision.explanation)
        return .object([
            ("event_type", .string(record?.eventType ?? subject.eventType)),
            ("verdict", .string(decision.verdict.rawValue)),
            ("reason", .optional(decision.reason)),
            ("decision", .verbatim(decision.explanation)),
        ])
    }
}

/// A delivery that is only thought of.
struct RouteTestSubject {
    let eventType: String
    private let isTyped: Bool
    private let targetType: String?
    private let event: String
    private let contentType: String
    private let id: String
    private let body: Data

    /// Reads a file: a recorded request, or a payload of an event type.
    ///
    /// - Throws: `.usage`, `.notFound` or `.findings`, saying what would do.
    init(file: String, eventType: String?) throws(Failure) {
        // A pipe is read once: what it holds decides what it is.
        let bytes = try InputFile.read(file)
        let name = VisibleText.line(file)
        if file.lowercased().hasSuffix(".http") || Self.isRequest(bytes) {
            guard eventType == nil else {
                throw Failure(
                    .usage,
                    "\(name) is a recorded request, which says its event itself",
                    hint: "Leave --event out."
                )
            }
            let recording: RecordedDelivery
            do throws(RecordingError) {
                recording = try RecordedDelivery.parse(bytes)
            } catch {
                throw Failure(.findings, "\(name): \(error)", hint: error.operatorHint)
            }
            let headers: WebhookHeaders
            do throws(WebhookRejection) {
                headers = try WebhookHeaders(recording.headers)
            } catch {
                throw Failure(.findings, "\(name): the ingress would refuse it: \(error)")
            }
            self.eventType = headers.eventType
            isTyped = headers.isTyped
            targetType = headers.targetType
            event = headers.event
            contentType =
                recording.headers.first { $0.name.lowercased() == "content-type" }?.value ?? ""
            id = headers.deliveryID
            body = recording.body
        } else {
            guard let type = eventType, !type.isEmpty else {
                throw Failure(
                    .usage,
                    "which event is \(name)?",
                    hint: "Say so with --event TYPE, such as push or issue_comment."
                )
            }
            if Self.known(like: type) != nil, let doubt = Self.doubt(of: type) {
                throw Failure(
                    .usage,
                    doubt,
                    hint: "Types: \(EventTypes.all.joined(separator: ", "))."
                )
            }
            self.eventType = type
            isTyped = true
            targetType = nil
            event = type
            contentType = "application/json"
            id = "test"
            body = bytes
        }
    }

    /// Whether it begins as a request does, whatever the file is called.
    private static func isRequest(_ bytes: Data) -> Bool {
        let line = bytes.prefix(requestLineMax).prefix { $0 != UInt8(ascii: "\n") }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        return words.count == 3 && words[0] == "POST" && words[2].hasPrefix("HTTP/1.")
    }

    /// Longer than the path of any hook.
    private static let requestLineMax = 8 << 10

    /// What people are told of an event type that Samovar does not know; nil for all others, and
    /// where no header named one.
    var note: String? { isTyped ? Self.doubt(of: eventType).map { "note: \($0)" } : nil }

    private static func doubt(of eventType: String) -> String? {
        guard !EventTypes.all.contains(eventType) else { return nil }
        let name = VisibleText.line(eventType)
        guard let meant = known(like: eventType) else {
            return "this version knows no event type '\(name)': it has a sender, a repository, an "
                + "action and a time at most"
        }
        return "there is no event type '\(name)'; did you mean \(meant)?"
    }

    private static func known(like eventType: String) -> String? {
        NearestWord.to(eventType, among: EventTypes.all)
    }

    /// As it would wait to be routed.
    func delivery(source: String, isVerified: Bool, receivedAt: Timestamp) -> WaitingDelivery {
        WaitingDelivery(
            target: .delivery(DeliverySeq(rawValue: 0)),
            source: source,
            id: DeliveryID(rawValue: id),
            event: event,
            eventType: eventType,
            isTyped: isTyped,
            targetType: targetType,
            contentType: contentType,
            verifiedBy: isVerified ? "test" : nil,
            receivedAt: receivedAt,
            tries: 0,
            body: body
        )
    }
}
