/// Why a payload cannot be read.
package enum PayloadError: Error, Equatable {
    /// The bytes are no JSON object, or a field that Samovar reads has the wrong type.
    ///
    /// The reason says where, by line and column or by the path of the field, and quotes nothing
    /// of the payload.
    case malformed(reason: String)

    /// Whether the same payload may be read later: never.
    package var isTransient: Bool { false }

    /// What an operator can do.
    package var operatorHint: String {
        "Compare the stored body with what Gitea shows under the hook's recent deliveries; "
            + "if it is Gitea's, this version of Samovar does not know the format."
    }
}

extension PayloadError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let reason): "the payload is malformed: \(reason)"
        }
    }
}
