/// How programs log.
package struct LogSettings: Sendable, Equatable {
    /// How lines look.
    package enum Format: Sendable, Equatable {
        /// Text, without what the journal adds itself when it is the reader.
        case auto
        case text
        /// One object a line.
        case json
    }

    /// The least that is written.
    package enum Level: Sendable, Equatable {
        case debug
        case info
        case warning
        case error
    }

    package var format: Format
    package var level: Level

    /// Settings with the defaults for what is left out.
    package init(format: Format = .auto, level: Level = .info) {
        self.format = format
        self.level = level
    }
}

extension LogSettings {
    private static let keys = Keys(["format", "level"])

    /// Reads the section `log`, which may be absent.
    init(_ setting: Setting?) {
        self.init()
        guard let setting, let section = setting.section(Self.keys) else { return }
        let formats: KeyValuePairs<String, Format> = ["auto": .auto, "text": .text, "json": .json]
        if let value = section["format"]?.choice(formats) { format = value }
        let levels: KeyValuePairs<String, Level> = [
            "debug": .debug, "info": .info, "warning": .warning, "error": .error,
        ]
        if let value = section["level"]?.choice(levels) { level = value }
    }
}
