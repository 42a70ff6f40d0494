import ArgumentParser
import Foundation
import Gitea
import Program
import QueueCore
import Settings

/// `samovar send`: posts a signed delivery, as Gitea does.
struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Sign a delivery as Gitea does and post it to the ingress.",
        discussion: """
            What is sent is a sample event (\(SamplePayload.eventTypes.joined(separator: ", "))) \
            or a file: a JSON payload (with --event), or a recorded request (.http), whose headers \
            are sent again under a new id with a new signature.

            Every body gets a member "samovar_send" that differs each time, so that sending twice \
            runs twice. Exit code 0 when all answers are 2xx, 1 for other answers, 69 without any.

            Examples:
              samovar send push
              samovar send issues --repeat 10
              samovar send body.json --event pull_request
              samovar send recorded.http --exact --json
              samovar send push --source forge
              samovar send push --url http://10.0.0.5:8480/hooks/gitea --secret-file s
              samovar send push --url https://hooks.example.org/hooks/gitea --ca authority.pem

            With --url, the source is the one whose path the URL ends in, if --source does not \
            name one; otherwise the first secret signs. A source's bearer token goes along, to a \
            URL only when the source is named or found by its path.
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(help: ArgumentHelp("A sample event or a file.", valueName: "event|file"))
    var what: String

    @Option(help: ArgumentHelp("The event type of a JSON file.", valueName: "type"))
    var event: String?

    @Option(
        help: ArgumentHelp("Send as this source's hooks do, not as the first's.", valueName: "name")
    )
    var source: String?

    @Option(help: "Post here, not to the configured ingress.")
    var url: String?

    @Option(
        help: ArgumentHelp(
            "Believe the authorities of this PEM file alone, when --url is https.",
            valueName: "file"
        )
    )
    var ca: String?

    @Option(
        help: ArgumentHelp(
            "Sign with the secret in this file, not with the first configured one.",
            valueName: "file"
        )
    )
    var secretFile: String?

    @Option(
        name: .customLong("delivery-id"),
        help: ArgumentHelp("Send under this id, not under a new one.", valueName: "id")
    )
    var deliveryID: String?

    @Option(help: ArgumentHelp("Send this many, one after the other.", valueName: "count"))
    var `repeat` = 1

    @Flag(help: "Send the bytes of a file as they are, without a stamp.")
    var exact = false

    func validate() throws {
        guard `repeat` >= 1 else { throw ValidationError("--repeat is at least 1.") }
        if deliveryID != nil, `repeat` > 1, !exact {
            throw ValidationError("--delivery-id names one delivery: leave out --repeat.")
        }
        if exact, SamplePayload.eventTypes.contains(what) {
            throw ValidationError("--exact is for files: samples are always stamped.")
        }
        if let deliveryID, deliveryID.isEmpty || !deliveryID.utf8.allSatisfy(Self.isVisible) {
            throw ValidationError("--delivery-id is printable ASCII without spaces.")
        }
        if let url, !url.hasPrefix("http://"), !url.hasPrefix("https://") {
            throw ValidationError("--url starts with http:// or https://.")
        }
        if ca != nil, url?.hasPrefix("https://") != true {
            throw ValidationError("--ca is for a --url that starts with https://.")
        }
    }

    func run() async throws {
        try await reporting {
            let subject = try SendSubject(what, eventType: event)
            let source = try SendSource(subject, isExact: exact)
            let target = try target()
            let sent = try await IngressClient.with(
                own: url == nil,
                authorities: ca.map(Authorities.read)
            ) { client in
                try await send(source, to: target, client)
            }
            if output.json {
                let values = sent.map(\.json)
                try StandardOutput.write(
                    values.count == 1 ? JSONOutput.object(values[0]) : JSONOutput.list(values)
                )
            }
            let refused = sent.filter { !$0.isAccepted }
            if refused.contains(where: { $0.answer.status == 401 }) {
                StandardError.note(
                    "signed with \(target.secretName), \(target.bearerName): "
                        + "does the receiver know the same?"
                )
            }
            guard refused.isEmpty else { throw ExitStatus.findings.code }
        }
    }

    private func send(
        _ source: SendSource,
        to target: SendTarget,
        _ client: IngressClient
    ) async throws -> [SentDelivery] {
        var sent: [SentDelivery] = []
        for _ in 0..<`repeat` {
            let delivery = try source.next(deliveryID: deliveryID, key: target.key)
            let answer = try await client.post(delivery, to: target)
            let result = SentDelivery(delivery: delivery, url: target.url, answer: answer)
            sent.append(result)
            if !output.json { try StandardOutput.write(result.line) }
        }
        return sent
    }

    /// A configuration is needed only for what the command line does not say.
    private func target() throws -> SendTarget {
        if let url, let secretFile, source == nil {
            return try SendTarget(url: url, secretFile: secretFile)
        }
        let configuration = try configurationOption.load(
            secrets: secretFile == nil ? .webhook : .skip
        )
        let choice = try SendTarget.Choice(source: source, url: url, of: configuration.ingress)
        return try SendTarget(choice, secretFile: secretFile)
    }

    private static func isVisible(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) }
}

/// A secret that no configuration names.
enum SecretFile {
    /// The file's bytes without one line break at the end, as in a configuration.
    static func read(_ file: String) throws(Failure) -> [UInt8] {
        var key: [UInt8]
        do {
            key = try Array(Data(contentsOf: URL(filePath: file)))
        } catch {
            throw Failure(.notFound, "cannot read \(file): \(error.localizedDescription)")
        }
        if key.last == UInt8(ascii: "\n") { key.removeLast() }
        if key.last == UInt8(ascii: "\r") { key.removeLast() }
        guard !key.isEmpty else {
            throw Failure(.findings, "\(file) is empty, which is not a secret")
        }
        return key
    }
}

/// A delivery and the answer to it.
struct SentDelivery: Sendable {
    /// What was sent.
    var delivery: SignedDelivery

    /// Where to.
    var url: String

    /// What came back.
    var answer: IngressClient.Answer

    /// Whether the receiver took it.
    var isAccepted: Bool { (200..<300).contains(answer.status) }

    /// For people.
    var line: String {
        let body = answer.text
        return "\(delivery.eventType) \(delivery.deliveryID): \(answer.status) "
            + "in \(Quantity.text(answer.duration))\(body.isEmpty ? "" : "  \(body)")\n"
    }

    /// For programs.
    var json: JSONValue {
        .object([
            ("event_type", .string(delivery.eventType)),
            ("delivery_id", .string(delivery.deliveryID)),
            ("url", .string(url)),
            ("status", .integer(Int64(answer.status))),
            ("milliseconds", .real(Double(answer.duration.microseconds) / 1000)),
            ("answer", .embedding(answer.trimmedBody)),
        ])
    }
}
