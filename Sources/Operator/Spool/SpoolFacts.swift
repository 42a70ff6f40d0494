import QueueCore
import Settings

/// The spool that a configuration names, as it is found.
struct SpoolFacts: Equatable {
    var file: String
    var bytesMax: Int
    var found: Result<SpoolContents, SpoolError>

    /// Nil when the configuration has none.
    init?(_ configuration: Configuration) {
        guard let settings = configuration.ingress.spool else { return nil }
        file = settings.file
        bytesMax = settings.maxBytes
        found = Result { () throws(SpoolError) in
            try SpoolContents(file: settings.file, store: configuration.store)
        }
    }

    /// Whether one broken disk would take store and spool.
    var sharesDevice: Bool { (try? found.get().sharesDevice) ?? false }

    static let sharedDeviceAdvice =
        "the spool is on the same device as the store: a disk that is full or broken takes both; "
        + "put ingress.spool on another disk"
}

// MARK: - What it means

extension SpoolFacts {
    func diagnoses(now: Timestamp) -> [Diagnosis] {
        switch found {
        case .failure(let error):
            return [
                Diagnosis(
                    .site,
                    "spool",
                    .warning,
                    error.description,
                    hint: "Run it as the user of the ingress. \(error.operatorHint)"
                )
            ]
        case .success(let contents):
            return [waiting(contents, now), setAside(contents), device(contents)]
                .compactMap(\.self)
        }
    }

    private func waiting(_ contents: SpoolContents, _ now: Timestamp) -> Diagnosis {
        guard contents.deliveries > 0 else {
            return Diagnosis(.site, "spool", .ok, "\(file) is empty")
        }
        return Diagnosis(
            .site,
            "spool",
            .warning,
            text(contents, now: now),
            hint: "The ingress imports them when the store takes deliveries: its log says why it "
                + "does not. They stay in the spool while no ingress runs."
        )
    }

    private func setAside(_ contents: SpoolContents) -> Diagnosis? {
        guard !contents.setAside.isEmpty else { return nil }
        return Diagnosis(
            .site,
            "spool_set_aside",
            .failure,
            "acknowledged deliveries may be in \(contents.setAside.joined(separator: ", "))",
            hint: "See \"The spool\" in docs/OPERATIONS.md; remove them when they are dealt with."
        )
    }

    private func device(_ contents: SpoolContents) -> Diagnosis? {
        guard contents.sharesDevice else { return nil }
        return Diagnosis(.site, "spool_device", .note, Self.sharedDeviceAdvice)
    }

    /// How much waits in it, on one line.
    func text(_ contents: SpoolContents, now: Timestamp) -> String {
        let count = Quantity.count(contents.deliveries, "delivery", plural: "deliveries")
        let size = Quantity.text(bytes: Int64(contents.bytes))
        let since =
            contents.oldest.map { ", the oldest came \(Quantity.text(max(now - $0, .zero))) ago" }
            ?? ""
        return "\(count) (\(size)) in \(file)\(since)"
    }
}

// MARK: - For status

extension SpoolFacts {
    func cell(now: Timestamp) -> Cell {
        switch found {
        case .failure(let error): return Cell(error.description, tone: .bad)
        case .success(let contents):
            let isQuiet = contents.deliveries == 0 && contents.setAside.isEmpty
            guard !isQuiet else { return Cell("empty") }
            let set = contents.setAside.isEmpty ? [] : ["set aside: \(contents.setAside.count)"]
            return Cell(([text(contents, now: now)] + set).joined(separator: "; "), tone: .bad)
        }
    }

    var json: JSONValue {
        var fields: [(name: String, value: JSONValue)] = [
            ("file", .string(file)), ("bytes_max", .integer(Int64(bytesMax))),
        ]
        switch found {
        case .failure(let error):
            fields.append(("error", .string(error.description)))
        case .success(let contents):
            fields += [
                ("deliveries", .integer(Int64(contents.deliveries))),
                ("bytes", .integer(Int64(contents.bytes))),
                ("oldest", .time(contents.oldest)),
                ("set_aside", .array(contents.setAside.map { .string($0) })),
                ("shares_device", .boolean(contents.sharesDevice)),
            ]
        }
        return .object(fields)
    }
}
