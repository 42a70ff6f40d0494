import Foundation
import Gitea
import Program
import QueueCore
import Settings

/// The folder that `samovar init` fills.
struct StarterFolder: Sendable {
    /// As it was given.
    let path: String

    /// Makes all files.
    ///
    /// - Returns: the files, in the order they were made.
    /// - Throws: `.findings` when one of them exists already; nothing is written then.
    func create() async throws -> [StarterFile] {
        let existing = StarterFile.allCases.filter(exists)
        guard existing.isEmpty else {
            throw Failure(
                .findings,
                "\(path) has \(existing.map(\.name).joined(separator: ", ")) already; "
                    + "nothing was changed",
                hint: "Use --unless-present to keep what is there and add what is missing, "
                    + "or --dir for another folder."
            )
        }
        return try await make(StarterFile.allCases)
    }

    /// Makes what is missing.
    ///
    /// With a configuration in place, that is only what this configuration refers to: somebody who
    /// moved the secret elsewhere gets no second one.
    ///
    /// - Returns: the files that were made.
    /// - Throws: a configuration in place that cannot be used is reported, not replaced.
    func complete() async throws -> [StarterFile] {
        let missing = StarterFile.allCases.filter { !exists($0) }
        guard exists(.configuration) else { return try await make(missing) }
        let configuration = try Configuration.load(
            file: file(.configuration),
            secrets: .skip,
            environment: ProcessInfo.processInfo.environment
        )
        return try await make(missing.filter { uses(configuration, $0) })
    }

    /// The path of a file.
    func file(_ file: StarterFile) -> String { "\(path)/\(file.name)" }

    private func exists(_ starter: StarterFile) -> Bool {
        // Not fileExists: a dangling symbolic link is in the way as well.
        (try? FileManager.default.attributesOfItem(atPath: file(starter))) != nil
    }

    private func uses(_ configuration: Configuration, _ starter: StarterFile) -> Bool {
        // The loader made its paths absolute, from the configuration's own folder.
        let folder = configuration.file.dropLast(StarterFile.configuration.name.count)
        let file = String(folder) + starter.name
        return switch starter {
        case .configuration: true
        case .secret: configuration.ingress.secrets.contains { $0.file == file }
        case .handler: configuration.handlers.contains { $0.exec?.command.first == file }
        case .store: configuration.store == file
        }
    }

    private func make(_ files: [StarterFile]) async throws -> [StarterFile] {
        guard !files.isEmpty else { return [] }
        try makeFolder()
        for starter in files {
            switch starter {
            case .secret:
                try NewFile(file(.secret), mode: 0o600).write(RandomBytes.hex(count: 32))
            case .handler:
                try NewFile(file(.handler), mode: 0o700).write(StarterText.handler)
            case .store:
                try await SQLiteStore(path: file(.store)).close()
            case .configuration:
                let text = StarterText.configuration(secretID: Self.month())
                try NewFile(file(.configuration), mode: 0o600).write(text)
            }
        }
        return files
    }

    private func makeFolder() throws {
        var isFolder: ObjCBool = false
        if unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            guard isFolder.boolValue else {
                throw Failure(.findings, "\(path) is not a folder", hint: "Choose another --dir.")
            }
            return
        }
        let url = URL(filePath: path)
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try FileManager.default.createDirectory(
                at: url,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw Failure(.findings, "cannot make \(path): \(error.localizedDescription)")
        }
    }

    /// `2026-11`: tells people which secret is the older one.
    private static func month() -> String {
        String(Clocks.system.now().rfc3339.prefix(7))
    }
}
