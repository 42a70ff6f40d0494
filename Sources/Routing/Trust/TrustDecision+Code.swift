package import Gitea
package import Settings

extension TrustDecision {
    /// Decides about those whose code an event is about, as far as that is possible.
    ///
    /// Whoever reopens a pull request, labels it or comments on it did not write what is in it. It is
    /// the code of who opened it and, when it comes from a fork, of who owns the fork: nobody else
    /// needs leave to push there. In the repository itself only those push who may. A push is its
    /// sender's, and issues, releases and the like are about no code.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - settings: who is an owner.
    /// - Returns: one decision for each of them; none where the sender is enough.
    /// - Throws: when an id in the payload is no number.
    package static func ofCode(
        in event: Event,
        settings: TrustSettings
    ) throws(PayloadError) -> [TrustDecision] {
        guard event.known != nil else {
            return [.unknown("this version does not know the event's type, nor whose code it is")]
        }
        guard event.run == nil else {
            return [.unknown("a run or commit status does not say whose code it is about")]
        }
        guard event.isPull == true, let author = event.issue?.author else { return [] }
        let opened = try TrustDecision(
            of: author,
            called: "author of the pull request",
            in: event,
            settings: settings
        )
        guard let pull = event.pullRequest, let isFromFork = try pull.isFromFork else {
            return [opened, .unknown("the event does not say where the code comes from")]
        }
        guard isFromFork else { return [opened] }
        guard let owner = pull.head.owner else {
            return [opened, .unknown("the event does not say whose the fork is")]
        }
        let forked = try TrustDecision(
            of: owner,
            called: "owner of the fork",
            in: event,
            settings: settings
        )
        return opened == forked ? [opened] : [opened, forked]
    }

    private static func unknown(_ reason: String) -> TrustDecision {
        .decided(.readonly, because: reason)
    }
}

extension TrustVerdict {
    /// Compares the levels that a route takes with what is known of everybody whom it asks about:
    /// each must have one of them.
    package init(_ levels: [TrustLevel], _ decisions: [TrustDecision]) {
        self = .admitted
        for decision in decisions {
            let verdict = TrustVerdict(levels, decision)
            switch verdict {
            case .admitted: continue
            case .asked: self = .asked
            case .refused:
                self = verdict
                return
            }
        }
    }
}
