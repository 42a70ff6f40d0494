import Yams

/// A program that does jobs.
package struct ExecSettings: Sendable, Equatable {
    /// The program, as an absolute path, and its arguments.
    package var command: [String]

    /// What it reads from standard input.
    package var input: HandlerInput

    /// Names of variables that it gets from the worker's environment, besides those all handlers
    /// get.
    package var environment: [String]

    /// The absolute path of the folder it runs in; nil for the worker's choice.
    package var directory: String?

    /// How long it may print nothing; nil for as long as it likes.
    package var idleTimeout: Duration?

    /// A program with the defaults for what is left out.
    package init(
        command: [String],
        input: HandlerInput = .envelope,
        environment: [String] = [],
        directory: String? = nil,
        idleTimeout: Duration? = nil
    ) {
        self.command = command
        self.input = input
        self.environment = environment
        self.directory = directory
        self.idleTimeout = idleTimeout
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

extension ExecSettings {
    /// The keys of a handler, besides `exec`, that mean something for a program alone.
    static let keys = ["stdin", "env", "directory", "idle_timeout"]

    /// Reads the list `exec` and the keys beside it.
    init?(_ exec: Setting, in section: Section) {
        let command = Self.command(exec, handler: section.path)
        self.init(command: command ?? [])
        if let value = section["stdin"]?.choice(Self.inputs) { input = value }
        if let value = section["env"] { environment = Self.environment(value) }
        if let value = section["directory"] {
            directory = Self.directory(value, handler: section.path)
        }
        idleTimeout = section["idle_timeout"]?.duration(Limits.timeout)
        guard command != nil else { return nil }
    }

    private static let inputs: KeyValuePairs<String, HandlerInput> = [
        "envelope": .envelope, "payload": .payload, "none": .none,
    ]

    /// The program and its arguments; a program that is missing today may be there tomorrow.
    private static func command(_ setting: Setting, handler: String) -> [String]? {
        let expected = "a list: the program, then its arguments"
        if case .scalar(let scalar) = setting.node, !setting.isNull {
            let advice = CommandText.advice(scalar.string)
            setting.fail("\(setting.name) must be \(expected), not \(setting.found)\(advice)")
            return nil
        }
        guard let values = setting.list(expected) else { return nil }
        guard let first = values.first else {
            setting.fail("\(setting.name) is empty: the program, then its arguments")
            return nil
        }
        let program = first.path(in: setting.reading.folder)
        let arguments = values.dropFirst().map { $0.argument() }
        guard let program else { return nil }
        if let problem = ProgramFile(program).problem {
            let advice = Self.advice(first, isAlone: values.count == 1)
            first.warn("\(handler): \(program) \(problem)\(advice); its jobs will be dead")
        }
        return [program] + arguments.compactMap(\.self)
    }

    /// What was meant by a program that is not there, as the end of a sentence.
    private static func advice(_ program: Setting, isAlone: Bool) -> String {
        guard case .scalar(let scalar) = program.node else { return "" }
        let text = scalar.string
        if isAlone, text.contains(" ") {
            return ": one text is one path\(CommandText.advice(text))"
        }
        guard !text.contains("/"), let found = ProgramFile.found(text) else { return "" }
        return ": a name is looked for beside the configuration, not in PATH; write \(found)"
    }

    /// The folder to run in; one that is missing today may be there tomorrow, too.
    private static func directory(_ setting: Setting, handler: String) -> String? {
        guard let folder = setting.path(in: setting.reading.folder) else { return nil }
        if !FileContents.isFolder(folder) {
            setting.warn(
                "\(handler): \(folder) does not exist or is no folder: its jobs will be dead"
            )
        }
        return folder
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
        guard !text.hasPrefix("SAMOVAR_") else {
            throw UnfitText(
                "is \(quoted(text)), and what begins with SAMOVAR_ is never let through"
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
