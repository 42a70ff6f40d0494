extension Event {
    /// A repository as a payload shows it.
    ///
    /// What Gitea says of permissions is not here: it is the same for everybody.
    package struct Repository: Sendable {
        private let payload: Payload
        private let fields: Fields

        init(_ payload: Payload, _ fields: Fields) {
            self.payload = payload
            self.fields = fields
        }

        /// Where the members of one repository are.
        struct Fields: Sendable {
            var id: PayloadField
            var name: PayloadField
            var defaultBranch: PayloadField?
            var isPrivate: PayloadField?
            var isArchived: PayloadField?
            var isFork: PayloadField?
            var isMirror: PayloadField?

            static let usual = Fields(
                id: .repositoryID,
                name: .repositoryName,
                defaultBranch: .repositoryDefaultBranch,
                isPrivate: .repositoryPrivate,
                isArchived: .repositoryArchived,
                isFork: .repositoryFork,
                isMirror: .repositoryMirror
            )
            static let run = Fields(
                id: .runRepositoryID,
                name: .runRepositoryName,
                defaultBranch: .runRepositoryDefaultBranch,
                isPrivate: .runRepositoryPrivate,
                isArchived: .runRepositoryArchived,
                isFork: .runRepositoryFork,
                isMirror: .runRepositoryMirror
            )
            static let forkee = Fields(id: .forkeeID, name: .forkeeName)
        }
    }
}

extension Event.Repository {
    /// The number that stays the same when the repository is renamed or transferred.
    package var id: Int64? {
        get throws(PayloadError) { try payload.integer(fields.id) }
    }

    /// `owner/name` at the time of the event; for display.
    package var fullName: String? {
        get throws(PayloadError) { try payload.text(fields.name) }
    }

    /// The default branch: `main`.
    package var defaultBranch: String? {
        get throws(PayloadError) {
            guard let field = fields.defaultBranch else { return nil }
            return try payload.text(field)
        }
    }

    /// Whether only some may see it.
    package var isPrivate: Bool? {
        get throws(PayloadError) { try boolean(fields.isPrivate) }
    }

    /// Whether it can be read only.
    package var isArchived: Bool? {
        get throws(PayloadError) { try boolean(fields.isArchived) }
    }

    /// Whether it is a fork.
    package var isFork: Bool? {
        get throws(PayloadError) { try boolean(fields.isFork) }
    }

    /// Whether it is a mirror: what is pushed there was pushed by nobody here.
    package var isMirror: Bool? {
        get throws(PayloadError) { try boolean(fields.isMirror) }
    }

    private func boolean(_ field: PayloadField?) throws(PayloadError) -> Bool? {
        guard let field else { return nil }
        return try payload.boolean(field)
    }
}

extension Event {
    /// A user as a payload shows them.
    ///
    /// What Gitea says of their rights is not here: it is the same for everybody.
    package struct User: Sendable {
        private let payload: Payload
        private let idField: PayloadField
        private let loginField: PayloadField

        init(_ payload: Payload, id: PayloadField, login: PayloadField) {
            self.payload = payload
            idField = id
            loginField = login
        }

        /// The number that stays the same when the user is renamed; negative for Gitea's own:
        /// -1 for a deleted account, -2 for its actions.
        package var id: Int64? {
            get throws(PayloadError) { try payload.integer(idField) }
        }

        /// The name at the time of the event; for display.
        package var login: String? {
            get throws(PayloadError) { try payload.text(loginField) }
        }
    }
}
