/// Which repository an event is about.
package struct RepositoryReference: Sendable, Equatable {
    /// The number that stays the same when the repository is renamed or transferred.
    package let id: Int64

    /// `owner/name` at the time of the event; for display.
    package let fullName: String

    /// The default branch, `main`; nil when the payload does not say.
    package let defaultBranch: String?

    /// Makes a reference.
    package init(id: Int64, fullName: String, defaultBranch: String?) {
        self.id = id
        self.fullName = fullName
        self.defaultBranch = defaultBranch
    }
}
