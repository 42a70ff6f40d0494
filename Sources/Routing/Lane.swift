import Gitea
import Settings

/// Lane keys: jobs with the same key run one at a time, in the order of acceptance.
enum Lane {
    /// The key, made of ids that survive renames: `default/repo:17/issue:42`.
    ///
    /// - Returns: nil when the payload does not name what the lane is about (no repository; no
    ///   issue in a push); such a job waits for nobody.
    static func key(_ kind: LaneKind, event: Event, source: String) -> String? {
        guard let repository = event.repository else { return nil }
        let prefix = "\(source)/repo:\(repository.id)"
        switch kind {
        case .repository: return prefix
        case .issue: return event.issueNumber.map { "\(prefix)/issue:\($0)" }
        case .ref: return event.ref.map { "\(prefix)/ref:\($0.full)" }
        }
    }
}
