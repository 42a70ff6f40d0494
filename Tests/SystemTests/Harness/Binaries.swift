import Foundation

/// Where the programs under test are: beside the test runner, where the build puts both;
/// `SAMOVAR_BIN` names another folder.
enum Binaries {
    static let ingress = path(of: "samovar-ingress")
    static let worker = path(of: "samovar-worker")
    static let samovar = path(of: "samovar")

    private static func path(of name: String) -> String {
        "\(folder)/\(name)"
    }

    private static let folder: String = {
        if let folder = ProcessInfo.processInfo.environment["SAMOVAR_BIN"] { return folder }
        let runner = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        guard let runner else { preconditionFailure("/proc is not mounted") }
        return (runner as NSString).deletingLastPathComponent
    }()
}
