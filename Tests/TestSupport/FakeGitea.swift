import Foundation
import Synchronization

/// A Gitea on 127.0.0.1, as far as Samovar asks it, with the real one's quirks.
///
/// - Source: go-gitea/gitea: routers/api/v1, services/context/repo.go (RedirectToRepo),
///   modules/setting/api.go (MAX_RESPONSE_ITEMS)
package final class FakeGitea: Sendable {
    /// What is wrong with the server.
    package enum Trouble: Sendable {
        /// Answers so, whatever it is asked.
        case status(Int, headers: [String: String] = [:], body: String = "")
        /// Never answers.
        case silence
        /// Promises more than it sends.
        case brokenOff
    }

    /// A team of the organization that owns repository 17.
    package struct Team: Sendable {
        package var members: Set<Int64>
        /// What they may do with the code, and what with issues.
        package var code: String
        package var issues: String
        /// Whether the token's account may see it.
        package var isVisible = true

        package init(members: Set<Int64>, code: String, issues: String) {
            self.members = members
            self.code = code
            self.issues = issues
        }
    }

    /// What the server knows.
    package struct World: Sendable {
        /// Since 1.24 teams have no level as a whole.
        package var version = "1.26.3"
        /// What clients must show.
        package var token = "t0ken-of-samovar"
        /// Logins by id; the token is that of user 1.
        package var users: [Int64: String] = [1: "samovar", 5: "anna", 6: "ben", 7: "carl"]
        /// `owner/name` by id.
        package var repositories: [Int64: String] = [17: "tea/kettle-17"]
        /// Repositories that the token's account may not see.
        package var hidden: Set<Int64> = []
        /// Whether the token's account may look at permissions.
        package var mayLookAtPermissions = true
        /// Whether the token's account is a site administrator, who may ask as somebody else.
        package var isSiteAdministrator = false
        /// Whether something before the server drops the header `Sudo`.
        package var dropsSudo = false
        /// Scopes of the token.
        package var scopes: Set<String> = ["read:user", "read:repository", "read:organization"]
        /// Teams by id; none: repository 17 belongs to an account.
        package var teams: [Int64: Team] = [:]
        /// Names that repositories had before.
        package var formerNames: [String: Int64] = [:]
        /// By user, without what teams lend; who is missing has `none`.
        package var permissions: [Int64: String] = [:]
        /// Comments by issue, in repository 17.
        package var comments: [Int64: [String]] = [1: []]
        /// Places in the list of all comments that may not be seen: dropped after paging.
        package var droppedComments: Set<Int> = []
        /// Whether lists say how many there are.
        package var saysTotal = true
        /// Met by the next requests, one each; the first first.
        package var troubles: [Trouble] = []
        /// Met by every request after those.
        package var lastingTrouble: Trouble?

        /// A world with three people and one repository.
        package init() {}
    }

    private let listener: HTTPListener
    private let state: State

    private final class State: Sendable {
        let world = Mutex(World())
    }

    /// A server whose port is taken; it is out of reach until ``listen()``.
    package init() {
        let state = State()
        self.state = state
        listener = HTTPListener { request in
            let trouble = state.world.withLock { world in
                world.troubles.isEmpty ? world.lastingTrouble : world.troubles.removeFirst()
            }
            switch trouble {
            case .status(let status, let headers, let body)?:
                return .response(status, headers: headers, body: body)
            case .silence?: return .silence
            case .brokenOff?:
                return .response(200, headers: ["Content-Length": "1000"], body: "{")
            case nil: return state.world.withLock { $0.answer(request) }
            }
        }
    }

    package var url: String { "http://127.0.0.1:\(listener.port)" }

    /// `METHOD /path?query` of all requests so far, without `/api/v1`.
    package var calls: [String] {
        listener.requests.map { request in
            request.line.split(separator: " ").prefix(2).joined(separator: " ")
                .replacing("/api/v1", with: "")
        }
    }

    /// All requests so far.
    package var requests: [HTTPListener.Request] { listener.requests }

    /// Changes what the server knows.
    package func change(_ change: @Sendable (inout World) -> Void) {
        state.world.withLock { change(&$0) }
    }

    /// What the server knows.
    package var world: World { state.world.withLock(\.self) }

    /// Takes connections from now on, until ``stop()``.
    package func listen() { listener.listen() }

    /// Is out of reach again, for good.
    package func stop() { listener.stop() }

    /// Gives a test a server that listens.
    package static func with<Value>(
        _ change: @Sendable (inout World) -> Void = { _ in },
        _ body: (FakeGitea) async throws -> Value
    ) async throws -> Value {
        let gitea = FakeGitea()
        gitea.change(change)
        gitea.listen()
        defer { gitea.stop() }
        return try await body(gitea)
    }
}

// MARK: - Answers

extension FakeGitea.World {
    /// The most that one page holds, whatever is asked for.
    private static let pageItemsMost = 50

    fileprivate mutating func answer(_ request: HTTPListener.Request) -> HTTPListener.Answer {
        let words = request.line.split(separator: " ")
        guard words.count == 3, let url = URLComponents(string: String(words[1])),
            url.path.hasPrefix("/api/v1/")
        else { return .status(404, body: "404 page not found\n") }
        let path = url.path.dropFirst("/api/v1/".count).split(separator: "/").map(String.init)
        let query = Dictionary(
            (url.queryItems ?? []).map { ($0.name, $0.value ?? "") },
            uniquingKeysWith: { first, _ in first }
        )
        if path == ["version"] { return json(["version": version]) }
        guard request.headers["authorization"] == "token \(token)" else {
            return json(["message": "token is required", "url": ""], status: 401)
        }
        if let scope = Self.scope(of: path), !scopes.contains(scope) {
            let message = "token does not have at least one of required scope(s): [\(scope)]"
            return json(["message": message, "url": ""], status: 403)
        }
        var asker: Int64 = 1
        if let login = request.headers["sudo"], !dropsSudo {
            guard isSiteAdministrator else {
                let message = "Only administrators allowed to sudo."
                return json(["message": message, "url": ""], status: 403)
            }
            guard let id = users.first(where: { $0.value == login })?.key else { return missing }
            asker = id
        }
        switch (words[0], path.first, path.count) {
        case ("GET", "user", 1): return json(user(asker))
        case ("GET", "orgs", 1): return json([[String: Any]]())
        case ("GET", "teams", 2...):
            guard let id = Int64(path[1]), let team = teams[id], team.isVisible else {
                return missing
            }
            if path.count == 2 { return json(shown(id, team)) }
            let member = users.first { $0.value == path.last }?.key
            guard let member, team.members.contains(member) else { return missing }
            return json(user(member))
        case ("GET", "repos", 2) where path[1] == "search":
            return json(["ok": true, "data": [[String: Any]]()])
        case ("GET", "users", 2) where path[1] == "search":
            let id = query["uid"].flatMap { Int64($0) }
            let found = users.keys.filter { $0 == id }.map(user)
            return json(["ok": true, "data": found])
        case ("GET", "repositories", 2):
            guard let id = Int64(path[1]), let repository = repository(id) else { return missing }
            return json(repository)
        case (_, "repos", 3...):
            return answer(request, String(words[0]), path, url, query, asker)
        default: return missing
        }
    }

    /// About one repository.
    private mutating func answer(
        _ request: HTTPListener.Request,
        _ method: String,
        _ path: [String],
        _ url: URLComponents,
        _ query: [String: String],
        _ asker: Int64
    ) -> HTTPListener.Answer {
        let name = "\(path[1])/\(path[2])"
        if let id = formerNames[name], let now = repositories[id] {
            // A path; the real one does so for every method.
            let rest = path.dropFirst(3).joined(separator: "/")
            let place = "/api/v1/repos/\(now)/\(rest)" + (url.query.map { "?\($0)" } ?? "")
            return .response(301, headers: ["Location": place], body: "")
        }
        guard let id = repositories.first(where: { $0.value == name })?.key,
            repository(id) != nil
        else { return missing }
        let rest = Array(path.dropFirst(3))
        switch (method, rest.first, rest.count) {
        case ("GET", nil, 0):
            guard let seen = self.repository(id, seenBy: asker) else { return missing }
            return json(seen)
        case ("GET", "teams", 1):
            guard !teams.isEmpty else {
                let message = "repo is not owned by an organization"
                return json(["message": message, "url": ""], status: 405)
            }
            return json(teams.sorted { $0.key < $1.key }.map { shown($0.key, $0.value) })
        case ("GET", "collaborators", 3) where rest[2] == "permission":
            return permission(of: rest[1])
        case ("GET", "issues", 2) where rest[1] == "comments": return allComments(query)
        case ("GET", "issues", 2):
            guard let number = Int64(rest[1]), comments[number] != nil else { return missing }
            return json(["number": number])
        case ("GET", "issues", 3):
            guard let number = Int64(rest[1]), let found = comments[number] else { return missing }
            // Not paged, whatever is asked for.
            return json(found.enumerated().map { comment($0.offset, $0.element) })
        case ("POST", "issues", 3): return create(Int64(rest[1]) ?? 0, request.body)
        default: return missing
        }
    }

    private func permission(of login: String) -> HTTPListener.Answer {
        guard mayLookAtPermissions else {
            let message = "Only admins can query all permissions, repo admins can query their own"
            return json(["message": message, "url": ""], status: 403)
        }
        guard let id = users.first(where: { $0.value == login })?.key else { return missing }
        let permission = saidPermission(of: id)
        return json(["permission": permission, "role_name": permission, "user": user(id)])
    }

    private func allComments(_ query: [String: String]) -> HTTPListener.Answer {
        let all = comments.sorted { $0.key < $1.key }.flatMap(\.value).enumerated()
            .map { comment($0.offset, $0.element) }
        let page = query["page"].flatMap { Int($0) } ?? 1
        let limit = min(query["limit"].flatMap { Int($0) } ?? 30, Self.pageItemsMost)
        let start = min((page - 1) * limit, all.count)
        let part = (start..<min(start + limit, all.count))
            .filter { !droppedComments.contains($0) }.map { all[$0] }
        return json(part, headers: saysTotal ? ["X-Total-Count": "\(all.count)"] : [:])
    }

    private mutating func create(_ issue: Int64, _ body: Data) -> HTTPListener.Answer {
        guard comments[issue] != nil else {
            // As in production, where the message is empty.
            return json(["message": "", "url": ""], status: 500)
        }
        let text =
            ((try? JSONSerialization.jsonObject(with: body)) as? [String: String])?["body"] ?? ""
        comments[issue, default: []].append(text)
        return json(comment(comments.values.map(\.count).reduce(0, +) - 1, text), status: 201)
    }

    private func user(_ id: Int64) -> [String: Any] {
        ["id": id, "login": users[id] ?? "", "username": users[id] ?? ""]
    }

    private func repository(_ id: Int64) -> [String: Any]? {
        guard let name = repositories[id], !hidden.contains(id) else { return nil }
        // True for everybody, and of no use.
        return [
            "id": id, "full_name": name,
            "permissions": ["admin": true, "push": true, "pull": true],
        ]
    }

    // MARK: Teams

    private static let rights = ["none", "read", "write", "admin", "owner"]

    private static func best(_ rights: [String]) -> String {
        rights.max { Self.rank($0) < Self.rank($1) } ?? "none"
    }

    private static func rank(_ right: String) -> Int { rights.firstIndex(of: right) ?? 0 }

    /// Forgejo counts on from Gitea 1.22.
    private var hasUnitTeams: Bool {
        let parts = version.split(separator: ".")
        return !version.contains("gitea-") && parts[0] == "1" && (Int(parts[1]) ?? 0) >= 24
    }

    /// The level of a team as a whole: before 1.24 the least of its units, since then none.
    private func level(_ team: FakeGitea.Team) -> String {
        if team.code == "admin" { return "admin" }
        if hasUnitTeams { return "none" }
        return Self.rank(team.code) < Self.rank(team.issues) ? team.code : team.issues
    }

    /// What the server says of an account's permission, which is not all it may do.
    private func saidPermission(of user: Int64) -> String {
        let lent = teams.values.filter { $0.members.contains(user) }.map(level)
        return Self.best(lent + [permissions[user] ?? "none"])
    }

    /// The repository with the true rights of who asks; nil when there are none.
    private func repository(_ id: Int64, seenBy asker: Int64) -> [String: Any]? {
        // The token's account administers it.
        guard asker != 1, var seen = repository(id) else { return repository(id) }
        let lent = teams.values.filter { $0.members.contains(asker) }.map(\.code)
        let right = Self.rank(Self.best(lent + [permissions[asker] ?? "none"]))
        guard right > 0 else { return nil }
        seen["permissions"] = ["admin": right > 2, "push": right > 1, "pull": true]
        return seen
    }

    private func shown(_ id: Int64, _ team: FakeGitea.Team) -> [String: Any] {
        [
            "id": id, "name": "team-\(id)", "permission": level(team),
            "units_map": ["repo.code": team.code, "repo.issues": team.issues],
        ]
    }

    /// The scope that a question needs; nil for those that all tokens of these tests have.
    private static func scope(of path: [String]) -> String? {
        switch path.first {
        case "user", "users": "read:user"
        case "teams", "orgs": "read:organization"
        case "repositories": "read:repository"
        case "repos": path.contains("issues") ? nil : "read:repository"
        default: nil
        }
    }

    private func comment(_ place: Int, _ text: String) -> [String: Any] {
        [
            "id": 1000 + place, "body": text, "user": user(5),
            "created_at": "2026-08-04T12:48:34-07:00", "updated_at": "2026-08-04T12:48:34-07:00",
        ]
    }

    /// For what does not exist, and for what may not be seen.
    private var missing: HTTPListener.Answer {
        json(["message": "The target couldn't be found.", "url": ""], status: 404)
    }

    private func json(
        _ value: Any,
        status: Int = 200,
        headers: [String: String] = [:]
    ) -> HTTPListener.Answer {
        guard let bytes = try? JSONSerialization.data(withJSONObject: value) else {
            return .status(500)
        }
        return .response(
            status,
            headers: ["Content-Type": "application/json;charset=utf-8"].merging(headers) { $1 },
            body: String(decoding: bytes, as: UTF8.self)
        )
    }
}
