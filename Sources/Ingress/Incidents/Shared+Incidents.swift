import Logging
import QueueCore
import Telemetry

/// What of refused requests outlives the log.
extension IngressService.Shared {
    /// Counted per source and hour, with what is known of the last one: nothing of it was verified.
    func noteTooLarge(_ seen: SeenRequest, from remote: String) {
        guard let source = seen.source else { return }
        note(
            .bodyTooLarge,
            source,
            String(clocks.now().rfc3339.prefix(13)),
            "a body over \(source.bodyBytesMax) bytes was refused, \(seen.summary(from: remote)): "
                + "raise max_body"
        )
    }

    /// Counted per source: what anybody can cause takes one row, and the next good delivery
    /// resolves it.
    func noteUnproven(_ seen: SeenRequest, from remote: String) {
        guard let source = seen.source, let cause = seen.cause else { return }
        note(.signatureRefused, source, source.pathText, "\(cause); \(seen.summary(from: remote))")
    }

    /// As ``noteUnproven(_:from:)``.
    func noteWrongMethod(_ seen: SeenRequest, from remote: String) {
        guard let source = seen.source else { return }
        note(
            .methodRefused,
            source,
            source.pathText,
            "\(seen.method ?? "another method") instead of POST: set the hook's method to POST; "
                + seen.summary(from: remote)
        )
    }

    /// A delivery that was not refused for what it is will not be sent again: each that was verified
    /// has a row of its own, under its id.
    ///
    /// - Parameters:
    ///   - seen: the request.
    ///   - remote: whose it was.
    ///   - why: what became of it, behind its name: `was answered 503: the disk is full`.
    func noteLost(_ seen: SeenRequest, from remote: String, _ why: String) {
        guard let source = seen.source, let id = seen.deliveryID else { return }
        losses.log(.warning, "delivery not stored") {
            [
                "delivery.id": "\(id)", "event.type": "\(seen.event ?? "")",
                "source": "\(source.name)", "remote": "\(remote)", "reason": "\(why)",
            ]
        }
        note(
            .deliveryLost,
            source,
            // Who sends without a signature could fill the table.
            seen.isVerified ? id : "unverified",
            "\(seen.summary(from: remote)) \(why); Gitea does not send it again by itself: "
                + "redeliver it from the hook's page"
        )
    }

    private func note(
        _ kind: Incident.Kind,
        _ source: Source,
        _ subject: String,
        _ detail: String
    ) {
        commit.note(
            Incident(
                kind: kind,
                source: source.name,
                subject: subject,
                detail: detail,
                at: clocks.now()
            )
        )
    }
}

extension SeenRequest {
    /// `delivery 0e9… (push) from 10.0.0.5`.
    fileprivate func summary(from remote: String) -> String {
        let id = deliveryID.map { "delivery \($0.shownBriefly)" } ?? "without a delivery id"
        let event = event.map { " (\($0.shownBriefly))" } ?? ""
        return "\(id)\(event)" + (remote.isEmpty ? "" : " from \(remote)")
    }
}

extension String {
    /// Printable ASCII as it is, up to the longest delivery id; a stranger's header may be anything.
    fileprivate var shownBriefly: String {
        utf8.count <= 128 && utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? self : "?"
    }
}
