import Foundation

/// What this machine lets a test do: where it cannot be tried, it cannot be done.
enum Probe {
    /// Whether programs may be started without a network.
    static let mayUnshare = canRun(["unshare", "--net", "true"])

    /// Whether programs may be started as PID 1 of a namespace of their own.
    static let mayBeFirst = canRun(["unshare", "--pid", "--fork", "--mount-proc", "true"])

    /// Whether programs may be started as somebody else, who may read them.
    ///
    /// That takes root, and programs and toolchain that are not in a folder of root's alone.
    static let mayRunAsOthers = canRun(
        ServiceUsers.runs(as: ServiceUsers.worker) + [Binaries.samovar, "--version"]
    )

    private static func canRun(_ command: [String]) -> Bool {
        let probe = Process()
        probe.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        probe.arguments = command
        probe.standardOutput = FileHandle.nullDevice
        probe.standardError = FileHandle.nullDevice
        // What cannot even be started cannot be done either.
        guard (try? probe.run()) != nil else { return false }
        probe.waitUntilExit()
        return probe.terminationStatus == 0
    }
}
