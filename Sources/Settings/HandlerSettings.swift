import Yams

/// A command that does jobs.
package struct HandlerSettings: Sendable, Equatable {
    /// The name by which routes and jobs refer to it.
    package var name: String

    /// The program, as an absolute path, and its arguments.
    package var command: [String]

    /// How long one attempt may take.
    package var timeout: Duration

    /// Jobs at the same time, over all workers.
    package var concurrency: Int

    /// How often and when a job that failed runs again.
    package var retry: RetrySettings

    /// What it reads from standard input.
    package var input: HandlerInput

    /// Names of variables that it gets from the worker's environment, besides those all handlers
    /// get.
    package var environment: [String]

    /// The absolute path of the folder it runs in; nil for the worker's choice.
    package var directory: String?

    /// A handler with the defaults for what is left out.
    package init(
        name: String,
        command: [String],
        timeout: Duration = .seconds(600),
        concurrency: Int = 5,
        retry: RetrySettings = RetrySettings(),
        input: HandlerInput = .envelope,
        environment: [String] = [],
        directory: String? = nil
    ) {
        self.name = name
        self.command = command
        self.timeout = timeout
        self.concurrency = concurrency
        self.retry = retry
        self.input = input
        self.environment = environment
        self.directory = directory
    }
}

/// What a handler reads from standard input.
package enum HandlerInput: String, Sendable {
    /// The delivery, the job and the payload in one JSON object.
    case envelope

    /// The payload's bytes.
    case payload

    /// Nothing.
    case none
}

extension HandlerSettings {
    private static let keys = Keys(
        ["exec", "timeout", "concurrency", "retry", "stdin", "env", "directory"],
        planned: ["http"]
    )

    /// Reads the section `handlers`, which may be absent.
    ///
    /// - Returns: the handlers without mistakes, and the names that routes may use: also those of
    ///   handlers with mistakes, nil when they cannot be told.
    static func all(_ setting: Setting?) -> (settings: [HandlerSettings], names: [String]?) {
        guard let setting else { return ([], []) }
        guard let pairs = setting.pairs() else { return ([], nil) }
        let settings = pairs.compactMap { pair -> HandlerSettings? in
            let key = Setting(node: pair.keyNode, path: "", reading: setting.reading)
            let isNamed = key.checkIdentifier(pair.key)
            let handler = HandlerSettings(pair.value, name: pair.key)
            return isNamed ? handler : nil
        }
        return (settings, pairs.map(\.key))
    }

    private init?(_ setting: Setting, name: String) {
        guard let section = setting.section(Self.keys) else { return nil }
        let folder = setting.reading.folder
        self.init(name: name, command: [])
        if section["exec"] != nil || section["http"] == nil, let exec = section.required("exec") {
            command = Self.command(exec, handler: setting.path) ?? []
        }
        if let value = section["timeout"]?.duration(Limits.timeout) { timeout = value }
        if let value = section["concurrency"]?.wholeNumber(Limits.concurrency) {
            concurrency = value
        }
        if let value = section["retry"] { retry = RetrySettings(value) }
        if let value = section["stdin"]?.choice(Self.inputs) { input = value }
        if let value = section["env"] { environment = Self.environment(value) }
        if let value = section["directory"] { directory = value.path(in: folder) }
        guard !command.isEmpty else { return nil }
    }

    private static let inputs: KeyValuePairs<String, HandlerInput> = [
        "envelope": .envelope, "payload": .payload, "none": .none,
    ]

    /// The program and its arguments; a program that is missing today may be there tomorrow.
    private static func command(_ setting: Setting, handler: String) -> [String]? {
        guard let values = setting.list("a list: the program, then its arguments") else {
            return nil
        }
        guard let first = values.first else {
            setting.fail("\(setting.name) is empty: the program, then its arguments")
            return nil
        }
        let program = first.path(in: setting.reading.folder)
        let arguments = values.dropFirst().map { $0.argument() }
        guard let program else { return nil }
        if !FileContents.isExecutable(program) {
            first.warn(
                "\(handler): \(program) does not exist or is not executable: its jobs will be dead"
            )
        }
        return [program] + arguments.compactMap(\.self)
    }

    private static func environment(_ setting: Setting) -> [String] {
        let values = setting.list("a list of names of variables") ?? []
        return values.compactMap { $0.value("the name of a variable", variableName) }
    }

    private static func variableName(_ text: String) throws(UnfitText) -> String {
        let isName =
            text.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
            && text.utf8.first?.isDigit == false
        guard isName else {
            throw UnfitText(
                "must be the name of a variable of the worker's environment, not \(quoted(text))"
            )
        }
        return text
    }
}

extension Setting {
    /// A text that may be empty, as an argument of a program may.
    fileprivate func argument() -> String? {
        if case .scalar(let scalar) = node, scalar.string.isEmpty, !isNull { return "" }
        return text()
    }
}
