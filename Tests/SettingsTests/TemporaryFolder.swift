import Foundation

@testable import Settings

/// A folder for the files of one test.
struct TemporaryFolder {
    let path: String

    /// Runs `body` with a new folder and removes it afterwards.
    static func with<Result>(_ body: (TemporaryFolder) throws -> Result) throws -> Result {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "samovar-settings-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer {
            // What is left over in the temporary folder is no failure of the test.
            try? FileManager.default.removeItem(at: url)
        }
        return try body(TemporaryFolder(path: url.path(percentEncoded: false)))
    }

    /// Writes a file and returns its absolute path; folders on the way are made.
    @discardableResult
    func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        try write(name, bytes: Array(text.utf8), mode: mode)
    }

    /// The same with any bytes.
    @discardableResult
    func write(_ name: String, bytes: [UInt8], mode: Int = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        try FileManager.default.createDirectory(
            atPath: AbsolutePath.folder(of: file),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }
}

/// The first line of most texts in these tests: the least that a configuration needs.
let ingressLine = "ingress: { secrets: [{ id: a, file: a.secret }] }"

/// Loads a text as `samovar.yaml` in a folder of its own, without opening secrets.
func load(_ yaml: String) throws -> Configuration {
    try TemporaryFolder.with { folder in
        try Configuration.load(
            file: folder.write("samovar.yaml", yaml),
            secrets: .skip,
            environment: ["HOME": "/home/somebody"]
        )
    }
}

/// The mistakes in a text, as `line:column: message`; none when it loads.
func mistakes(_ yaml: String) throws -> [String] {
    try mistakes(bytes: Array(yaml.utf8))
}

/// The mistakes in a file's bytes.
func mistakes(bytes: [UInt8]) throws -> [String] {
    try TemporaryFolder.with { folder in
        let file = try folder.write("samovar.yaml", bytes: bytes)
        do throws(ConfigurationError) {
            _ = try Configuration.load(
                file: file,
                secrets: .skip,
                environment: ["HOME": "/home/somebody"]
            )
            return []
        } catch {
            return error.diagnostics.map { $0.lines(without: file) }
        }
    }
}

extension Diagnostic {
    /// Its description without the file.
    func lines(without file: String) -> String {
        String(description.trimmingPrefix(file).trimmingPrefix(":").trimmingPrefix(" "))
    }
}

/// Handlers and a route around one line of the route, which is on line 4.
func mistakes(route line: String) throws -> [String] {
    try mistakes(
        """
        \(ingressLine)
        handlers: { ci: { exec: [/bin/sh] } }
        routes:
          - { name: r, run: ci, \(line) }
        """
    )
}

/// The single route around one line.
func route(_ line: String) throws -> RouteSettings? {
    try load(
        """
        \(ingressLine)
        handlers: { ci: { exec: [/bin/sh] } }
        routes:
          - { name: r, run: ci, \(line) }
        """
    ).routes.first
}

/// The warnings about a route, without their places.
func warnings(route line: String) throws -> [String] {
    try load(
        """
        \(ingressLine)
        handlers: { ci: { exec: [/bin/sh] } }
        routes:
          - { name: r, run: ci, \(line) }
        """
    ).warnings.map(\.message)
}
