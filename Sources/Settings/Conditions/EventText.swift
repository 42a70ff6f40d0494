import Yams

/// A text of an event that a condition compares, beside those that are more than a text.
package enum EventText: String, CaseIterable, Sendable {
    /// How far a run is; of a commit status its state.
    case status
    /// How a run ended.
    case conclusion
    /// The workflow of a run, by its name or its file's.
    case workflow
    /// What a commit status is about.
    case context
    /// The source of the configuration that took the delivery.
    case source
    /// What the hook belongs to.
    case targetType = "target_type"
    /// A label that the event added.
    case labelAdded = "label_added"
    /// A label that the event removed.
    case labelRemoved = "label_removed"
    /// The message of the commit that was pushed last, or that a status is of.
    case message
}

extension EventText {
    /// Whether an event has one at most, so that it cannot be two texts at once.
    var isSingle: Bool {
        switch self {
        case .status, .conclusion, .context, .source, .targetType, .message: true
        case .workflow, .labelAdded, .labelRemoved: false
        }
    }

    /// The words that Gitea and Forgejo use; nil where people choose them.
    ///
    /// - Source: go-gitea/gitea: modules/commitstatus/commit_status.go, services/convert/convert.go
    ///   (ToActionsStatus), services/webhook/deliver.go; Forgejo: models/actions/status.go
    private var words: [String]? {
        switch self {
        case .status:
            [
                "pending", "success", "error", "failure", "warning", "skipped", "queued", "waiting",
                "in_progress", "completed", "running", "blocked", "cancelled", "unknown",
            ]
        case .conclusion: ["success", "failure", "cancelled", "skipped"]
        case .targetType: ["repository", "organization", "user", "system", "default"]
        case .workflow, .context, .source, .labelAdded, .labelRemoved, .message: nil
        }
    }

    /// Reports a word that Gitea does not use: a mistake when it is like one that it does.
    func check(_ setting: Setting) {
        guard case .scalar(let scalar) = setting.node, !setting.isNull else { return }
        if self == .source {
            setting.reading.sourceUses.append(
                SourceUse(source: scalar.string, name: setting.name, place: setting.node.place)
            )
        }
        guard let words, !words.contains(scalar.string) else { return }
        let meant = suggestion(scalar.string, words)
        guard meant.isEmpty else {
            setting.fail("\(setting.name) is an unknown word \(quoted(scalar.string))\(meant)")
            return
        }
        setting.warn(
            "\(setting.name): this version does not know the word \(quoted(scalar.string)); it knows "
                + words.joined(separator: ", ")
        )
    }
}

/// A source that a condition names, and where.
struct SourceUse {
    var source: String
    var name: String
    var place: Place?

    /// Reports it when the configuration has no such source.
    func check(_ reading: Reading, sources: [String]) {
        guard !sources.contains(source) else { return }
        let meant = suggestion(source, sources)
        let known = "; the sources are \(sources.joined(separator: ", "))"
        reading.fail(
            "\(name): there is no source \(quoted(source))" + (meant.isEmpty ? known : meant),
            at: place
        )
    }
}
