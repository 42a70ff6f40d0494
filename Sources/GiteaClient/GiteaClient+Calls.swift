// MARK: - The server and its accounts

extension GiteaClient {
    /// The server's version; needs no right, unless the server wants everybody to sign in.
    package func version() async throws(GiteaError) -> GiteaVersion {
        try decode(GiteaVersion.self, from: await ask(.get("version")))
    }

    /// Whose token it is; needs scope `read:user`.
    package func tokenUser() async throws(GiteaError) -> GiteaUser {
        try decode(GiteaUser.self, from: await ask(.get("user")))
    }

    /// The account with an id, whatever it is called now; nil when there is none; needs scope
    /// `read:user`.
    ///
    /// - Source: go-gitea/gitea: routers/api/v1/user/user.go (Search)
    package func user(_ id: Int64) async throws(GiteaError) -> GiteaUser? {
        struct Found: Decodable, Sendable {
            var data: [GiteaUser]?
        }
        let call = GiteaCall.get("users/search", query: [("uid", "\(id)"), ("limit", "1")])
        let found = try decode(Found.self, from: await ask(call))
        return found.data?.first { $0.id == id }
    }
}

// MARK: - Repositories

extension GiteaClient {
    /// The repository with an id, whatever it is called now; needs scope `read:repository`.
    ///
    /// - Throws: `.notFound` also for one that the token's account may not see.
    package func repository(_ id: Int64) async throws(GiteaError) -> GiteaRepository {
        let answer = try await ask(.get("repositories", "\(id)"))
        let repository = try decode(GiteaRepository.self, from: answer)
        guard repository.id == id, repository.fullName.split(separator: "/").count == 2 else {
            throw .malformed(reason: "it is not repository \(id)")
        }
        return repository
    }
}

// MARK: - Comments

extension GiteaClient {
    /// All plain comments of a repository's issues and pull requests, oldest first; needs scope
    /// `read:issue`.
    ///
    /// - Parameters:
    ///   - repository: the repository's id.
    ///   - since: only those changed then or later, RFC 3339; nil for all.
    /// - Returns: the comments, each once.
    /// - Throws: what keeps them from being read, all or nothing.
    package func comments(
        repository: Int64,
        since: String? = nil
    ) async throws(GiteaError) -> [GiteaComment] {
        let name = try await self.repository(repository).fullName
        var call = GiteaCall.get("repos", name, "issues/comments")
        if let since { call.query.append(("since", since)) }
        var known: Set<Int64> = []
        return try await all(GiteaComment.self, call).filter { known.insert($0.id).inserted }
    }

    /// The comments of one issue or pull request, oldest first; needs scope `read:issue`.
    ///
    /// Gitea knows no pages here: it sends all of them.
    package func comments(
        repository: Int64,
        issue: Int64
    ) async throws(GiteaError) -> [GiteaComment] {
        let name = try await self.repository(repository).fullName
        let answer = try await ask(.get("repos", name, "issues", "\(issue)", "comments"))
        return try decode([GiteaComment]?.self, from: answer) ?? []
    }

    /// Writes a comment; needs scope `write:issue`.
    ///
    /// Sent once, unless it surely had no effect: after `.interrupted`, `.timeout` or `.server` it
    /// may be there all the same.
    ///
    /// - Throws: `.notFound` when the issue does not exist, which Gitea itself answers with 500.
    package func createComment(
        _ body: String,
        repository: Int64,
        issue: Int64
    ) async throws(GiteaError) -> GiteaComment {
        struct NewComment: Encodable, Sendable {
            var body: String
        }
        let name = try await self.repository(repository).fullName
        let call = try GiteaCall.post(
            "repos",
            name,
            "issues",
            "\(issue)",
            "comments",
            body: NewComment(body: body)
        )
        do throws(GiteaError) {
            return try decode(GiteaComment.self, from: await ask(call))
        } catch .server(let status, let message) {
            if status == 500 {
                // Throws `.notFound`, and what else keeps from knowing.
                _ = try await ask(.get("repos", name, "issues", "\(issue)"))
            }
            throw .server(status: status, message: message)
        }
    }

    // MARK: Pages

    /// All items of a list.
    ///
    /// A short page is not the last one: Gitea drops what may not be seen after it counted. The end
    /// is where as many came as there are in all, or nothing came.
    func all<Item: Decodable & Sendable>(
        _ type: Item.Type,
        _ call: GiteaCall
    ) async throws(GiteaError) -> [Item] {
        var items: [Item] = []
        for page in 1...Limits.pagesMost {
            var part = call
            part.query += [("page", "\(page)"), ("limit", "\(Limits.pageItems)")]
            let answer = try await ask(part)
            let found = try decode([Item]?.self, from: answer) ?? []
            if found.isEmpty { return items }
            items += found
            if let total = answer.total, items.count >= total { return items }
        }
        throw .tooLarge(limit: "\(Limits.pagesMost) pages")
    }
}
