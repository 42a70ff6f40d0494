/// Whose word counts about where a request comes from.
package enum Proxy: Hashable, Sendable {
    /// Whoever connects from one of its addresses.
    case network(Network)

    /// Whoever connects to a Unix socket, which its file's mode decides.
    case unix
}

extension Proxy {
    /// Reads `unix`, a network or an address.
    init(parsing text: String) throws(UnfitText) {
        if text == "unix" {
            self = .unix
        } else {
            self = .network(try Network(parsing: text))
        }
    }
}

extension Proxy: CustomStringConvertible {
    /// As it is written in a configuration.
    package var description: String {
        switch self {
        case .network(let network): network.description
        case .unix: "unix"
        }
    }
}

extension Setting {
    /// A list of proxies; one that is empty is reported.
    func proxies() -> [Proxy]? {
        guard let entries = list("a list of networks such as [10.0.0.0/8], or [unix]") else {
            return nil
        }
        if entries.isEmpty { fail("\(name) is empty: leave it out for no trusted proxy") }
        return entries.compactMap {
            $0.value("a network such as 10.0.0.0/8, or unix", Proxy.init(parsing:))
        }
    }
}
