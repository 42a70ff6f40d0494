extension Event {
    /// A push of commits, or of a tag.
    package struct Push: Sendable {
        private let payload: Payload

        init(_ payload: Payload) {
            self.payload = payload
        }

        /// The branch or tag that was pushed to.
        package var ref: GitReference? {
            get throws(PayloadError) { try payload.text(.ref).map { GitReference(full: $0) } }
        }

        /// The commit before; zeros when the reference is new.
        package var before: String? {
            get throws(PayloadError) { try payload.text(.before) }
        }

        /// The commit after; zeros when the reference is gone.
        package var after: String? {
            get throws(PayloadError) { try payload.text(.after) }
        }

        /// What happens to the reference; nil when the payload does not say.
        package var change: RefChange? {
            get throws(PayloadError) {
                guard let before = try before, let after = try after else { return nil }
                if before == after { return .unchanged }
                if Self.isZero(before) { return .created }
                return Self.isZero(after) ? .deleted : .updated
            }
        }

        /// The message of the commit after; nil when the reference is gone.
        package var headMessage: String? {
            get throws(PayloadError) {
                if payload.has(.headCommit) { return try payload.text(.headCommitMessage) }
                // Gogs has it in the list alone.
                guard let after = try after else { return nil }
                let ids = try payload.texts("id", in: .commits)
                let messages = try payload.texts("message", in: .commits)
                guard ids.count == messages.count else { return nil }
                return zip(ids, messages).first { $0.0 == after }?.1
            }
        }

        /// Whether the payload lists all commits of the push; nil when it does not say.
        ///
        /// Gitea lists five at most, Forgejo fifteen. What is not listed is in no path either.
        ///
        /// - Source: go-gitea/gitea: services/repository/push.go, modules/setting/ui.go
        package var listsAllCommits: Bool? {
            get throws(PayloadError) {
                guard let total = try payload.integer(.totalCommits) else { return nil }
                return Int64(try payload.count(.commits) ?? 0) >= total
            }
        }

        /// Whether the payload lists no commit at all.
        package var listsNoCommit: Bool {
            get throws(PayloadError) { try payload.count(.commits) ?? 0 == 0 }
        }

        /// The paths of the files that the listed commits add, change or remove.
        ///
        /// - Parameters:
        ///   - count: how many paths are wanted at most.
        ///   - bytes: how many bytes they may have together.
        /// - Returns: the paths in their order; nil when there are more of them.
        /// - Throws: `.malformed` when the commits are not as they should be.
        package func changedPaths(
            atMost count: Int,
            bytes: Int
        ) throws(PayloadError) -> [String]? {
            var paths: [String] = []
            var left = bytes
            let isMore = try payload.contains(
                in: ["added", "modified", "removed"],
                of: .commits
            ) { path in
                left -= path.utf8.count
                guard left >= 0, paths.count < count else { return true }
                paths.append(path)
                return false
            }
            return isMore ? nil : paths
        }

        /// Whether an id is that of no commit: 40 zeros, or 64 in repositories with SHA-256.
        package static func isZero(_ id: String) -> Bool {
            let digits = id.utf8
            return (digits.count == 40 || digits.count == 64)
                && digits.allSatisfy { $0 == UInt8(ascii: "0") }
        }
    }
}
