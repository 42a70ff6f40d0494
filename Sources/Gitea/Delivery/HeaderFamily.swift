/// The prefix under which a server sends a delivery's id and event.
///
/// Gitea sends its own and, for older receivers, the Gogs and GitHub names; Forgejo adds a fourth.
/// The order of the cases is the order in which they are looked at. GitHub's names are no family
/// here: every Gitea and Forgejo also sends its own.
package enum HeaderFamily: String, Sendable, CaseIterable {
    /// `X-Gitea-Delivery` and so on.
    case gitea

    /// `X-Forgejo-Delivery` and so on.
    case forgejo

    /// `X-Gogs-Delivery` and so on.
    case gogs
}
