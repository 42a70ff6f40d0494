import Foundation
import Program
import Settings

/// How a service is called.
enum ServiceCommand {
    /// The programs beside this one's own file, wherever it was called from.
    ///
    /// - Parameters:
    ///   - folder: where to look.
    ///   - configuration: its file is handed on as an absolute path.
    ///   - allowPublic: whether they may listen to other machines.
    /// - Returns: for each service its path and arguments.
    /// - Throws: `.internal` when one of them is missing; all that are missing are named.
    static func all(
        in folder: String,
        configuration: Configuration,
        allowPublic: Bool
    ) throws(Failure) -> [Service: [String]] {
        var commands: [Service: [String]] = [:]
        var missing: [String] = []
        for service in Service.allCases {
            let program = "\(folder)/\(service.program)"
            if !FileManager.default.isExecutableFile(atPath: program) { missing.append(program) }
            commands[service] =
                [program, "--config", configuration.file, "--follow-stdin"]
                + (allowPublic ? ["--allow-public"] : [])
        }
        guard missing.isEmpty else {
            throw Failure(
                .internal,
                "\(missing.joined(separator: " and ")) cannot be executed, or is missing",
                hint: "The three programs belong into one folder: `make build`, `make install`."
            )
        }
        return commands
    }

    /// The folder of the program that runs now.
    static func ownFolder() throws(Failure) -> String {
        do {
            let file = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return (file as NSString).deletingLastPathComponent
        } catch {
            throw Failure(.internal, "cannot read /proc/self/exe: \(error.localizedDescription)")
        }
    }
}
