import FoundationEssentials
import Glibc

/// A file that is to be executed, looked at as the system will when a job starts.
struct ProgramFile {
    private let path: String

    init(_ path: String) {
        self.path = path
    }

    /// Why it cannot be executed, as the end of a sentence that begins with its path; nil when
    /// nothing of that kind is seen.
    ///
    /// The interpreter of a script is looked for too: it is what the system's "No such file or
    /// directory" means about a script that is there.
    var problem: String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            return switch FileProblem(errno) {
            case .missing: "does not exist"
            case let other: other.reason(sizeMax: 0)
            }
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: return "is a folder"
        default: return "is no regular file"
        }
        guard unsafe access(path, X_OK) == 0 else {
            return "is not executable: chmod +x \(path)"
        }
        // What may be executed and not read is not looked into.
        guard let head = try? Self.head(of: path) else { return nil }
        return problem(head)
    }

    /// The kernel looks at no more (execve(2)).
    private static let headBytes = 256

    private static func head(of path: String) throws(FileProblem) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileProblem(errno) }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: headBytes)
        let count = unsafe read(descriptor, &buffer, buffer.count)
        guard count >= 0 else { throw FileProblem(errno) }
        return Array(buffer.prefix(count))
    }

    private func problem(_ head: [UInt8]) -> String? {
        if head.starts(with: [0x7F] + Array("ELF".utf8)) { return nil }
        if head.starts(with: [0xEF, 0xBB, 0xBF]) {
            return "begins with a byte order mark, which hides its '#!' line: save it without one"
        }
        guard head.starts(with: "#!".utf8) else {
            return "has no '#!' line and is no program: begin it with one such as #!/bin/sh"
        }
        let line = head.prefix { $0 != UInt8(ascii: "\n") }
        guard line.last != UInt8(ascii: "\r") else {
            return "has a first line that ends with CR LF, so its interpreter is not found: "
                + "sed -i 's/\\r$//' \(path)"
        }
        // The kernel knows blanks and tabs here.
        let words = String(decoding: line.dropFirst(2), as: UTF8.self)
            .split { $0 == " " || $0 == "\t" }.map(String.init)
        guard let interpreter = words.first else { return "names no interpreter after '#!'" }
        if let problem = Self.problem(ofInterpreter: interpreter) { return problem }
        guard interpreter.hasSuffix("/env") else { return nil }
        return Self.problem(ofWordsOfEnv: Array(words.dropFirst()))
    }

    private static func problem(ofInterpreter path: String) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            return "wants the interpreter \(path), which does not exist"
        }
        let isFile = status.st_mode & S_IFMT == S_IFREG
        let mayExecute = unsafe access(path, X_OK) == 0
        return isFile && mayExecute ? nil : "wants the interpreter \(path), which is not executable"
    }

    /// `#!/usr/bin/env python3`: the program is looked for in PATH.
    private static func problem(ofWordsOfEnv words: [String]) -> String? {
        let name = words.first { !$0.hasPrefix("-") && !$0.contains("=") }
        guard let name, !name.contains("/"), found(name) == nil else { return nil }
        return "wants the interpreter \(name), which is in no folder of PATH here"
    }

    /// Where a name leads that is looked for in this process's PATH.
    static func found(_ name: String) -> String? {
        let folders = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return folders.split(separator: ":").map { "\($0)/\(name)" }
            .first(where: FileContents.isExecutable)
    }
}

/// The words of a command that somebody wrote as one text.
enum CommandText {
    /// What to write instead, as the end of a sentence; empty for a single word.
    static func advice(_ text: String) -> String {
        let words = text.split { $0 == " " || $0 == "\t" }
        guard words.count > 1 || isForShell(text) else { return "" }
        guard !isForShell(text) else {
            let quoted = text.replacing("'", with: "''")
            return "; no shell reads it: for a shell's syntax write [/bin/sh, -c, '\(quoted)']"
        }
        return "; write [\(words.joined(separator: ", "))]"
    }

    /// Whether it has what only a shell understands.
    private static func isForShell(_ text: String) -> Bool {
        text.contains { "|&;<>$`*\"'\\~".contains($0) }
    }
}
