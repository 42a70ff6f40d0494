import Gitea

/// A decision's record: what was read, and what every route said to it.
enum Explanation {
    static func json(malformed reason: String) -> String {
        #"{"malformed":\#(JSONText.quoted(reason))}"#
    }

    static func json(event: Event, matches: [(route: String, match: RouteMatch)]) -> String {
        let action = event.action.map(JSONText.quoted) ?? "null"
        let routes = matches.map { route, match in
            let name = JSONText.quoted(route)
            return switch match {
            case .matches: #"{"route":\#(name),"matched":true}"#
            case .fails(let reason):
                #"{"route":\#(name),"matched":false,"because":\#(JSONText.quoted(reason))}"#
            }
        }
        return #"{"event_type":\#(JSONText.quoted(event.type)),"action":\#(action),"#
            + #""routes":[\#(routes.joined(separator: ","))]}"#
    }
}
