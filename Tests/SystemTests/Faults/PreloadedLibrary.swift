import Foundation
import Spawn
import Testing

/// The C files of `Tests/Faults`, which are loaded into programs in front of libc.
enum PreloadedLibrary {
    private static let sources = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Faults")
        .path

    /// Builds one into the site's folder.
    ///
    /// - Parameters:
    ///   - name: of the file, without its ending.
    ///   - site: where the programs run.
    /// - Returns: what `LD_PRELOAD` names.
    /// - Throws: what keeps it from being built.
    static func build(_ name: String, in site: Site) throws -> String {
        let library = site.path("\(name).so")
        let compiler = try RunningProgram(
            [
                "/usr/bin/cc", "-shared", "-fPIC", "-O1", "-o", library, "\(sources)/\(name).c",
                "-ldl",
            ],
            environment: ["PATH": "/usr/bin:/bin", "TMPDIR": site.folder],
            folder: site.folder
        )
        try #require(try compiler.awaitExit() == .code(0), "\(compiler.output)")
        return library
    }
}
