import Foundation
import Gitea
package import QueueCore

/// What a delivery is about, in the few words of a list; what its payload does not say is nil.
package struct EventSubject: Equatable, Sendable {
    /// `owner/name`.
    package var repository: String?

    /// The name of who caused it.
    package var sender: String?

    /// The branch or tag.
    package var branch: String?

    /// Of the issue, pull request or release.
    package var title: String?

    /// Reads it from a delivery's body.
    ///
    /// - Returns: nil when its payload cannot be read; why, its decision says.
    package init?(of delivery: WaitingDelivery) {
        guard let contentType = ContentType(delivery.contentType),
            let payload = SignedBytes.of(body: delivery.body, contentType: contentType),
            let event = try? Router.event(of: delivery, payload)
        else { return nil }
        let facts = EventFacts(event, delivery)
        // A member of the wrong type says nothing.
        repository = (try? facts.repository)?.name
        sender = (try? facts.sender)?.name
        title = try? facts.title
        if case .branch(let name)? = try? facts.branch {
            branch = name
        } else {
            branch = try? facts.tag
        }
    }
}
