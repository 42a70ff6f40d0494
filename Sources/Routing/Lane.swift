import Gitea
import Settings

/// Lane keys: jobs with the same key run one at a time, in the order of acceptance.
enum Lane {
    /// The key, made of ids that survive renames: `default/repo:17/issue:42`.
    ///
    /// Nil when the payload does not name what the lane is about (no repository; no issue in a
    /// push); such a job waits for nobody.
    ///
    /// - Throws: when what the lane is about has the wrong type.
    static func key(
        _ kind: LaneKind,
        event: Event,
        source: String
    ) throws(PayloadError) -> String? {
        guard let repository = try event.repository.id else { return nil }
        let prefix = "\(source)/repo:\(repository)"
        switch kind {
        case .repository:
            return prefix
        case .issue:
            guard let number = try event.issue?.number else { return nil }
            return "\(prefix)/issue:\(number)"
        case .ref:
            guard let ref = try event.ref else { return nil }
            return "\(prefix)/ref:\(ref.full)"
        }
    }
}
