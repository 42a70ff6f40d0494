/// Why a payload cannot be read.
package enum PayloadError: Error, Equatable {
    /// The bytes are no JSON object, or a member that is read has the wrong type.
    ///
    /// The reason says where, by line and column or by the path of the member, and quotes nothing
    /// of the payload.
    case malformed(reason: String)

    /// Whether the same payload may be read later: never.
    package var isTransient: Bool { false }

    /// What an operator can do.
    package var operatorHint: String {
        "Compare the stored body with what Gitea shows under the hook's recent deliveries; "
            + "if it is Gitea's, this version of Samovar does not know the format."
    }

    /// A member that is something else than it should be.
    static func unfit(_ path: String, _ expected: JSONKind, found: JSONKind) -> PayloadError {
        unfit(path, expected.rawValue, found: found.rawValue)
    }

    static func unfit(_ path: String, _ expected: String, found: String) -> PayloadError {
        .malformed(reason: "\(path): expected \(expected), found \(found)")
    }
}

extension PayloadError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let reason): "the payload is malformed: \(reason)"
        }
    }
}

extension PayloadError {
    /// What is wrong, without the words around it.
    var reason: String {
        switch self {
        case .malformed(let reason): reason
        }
    }
}
