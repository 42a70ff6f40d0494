import Foundation
import Spawn
import TestSupport
import Testing

/// A worker, or `samovar up`, as PID 1: what containers without an init have.
@Suite(.enabled(if: Probe.mayBeFirst, "needs root, and namespaces"))
struct FirstProcessTests {
    private static let first = [
        "/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
    ]

    /// Five helpers leave the session and end a moment after their handler, each with its pid as its
    /// last word.
    ///
    /// After a failure they would be killed with it.
    private static let leaver = """
        for number in 1 2 3 4 5; do
            setsid sh -c 'echo $$ >> left; sleep 0.3; echo $$ >> ended' </dev/null >/dev/null 2>&1 &
        done
        until [ -e left ] && [ "$(wc -l < left)" = 5 ]; do sleep 0.01; done
        exit 0
        """

    private let settings = SiteSettings(handlers: [
        SiteSettings.Handler(name: "leaver", command: ["leaver"])
    ])

    @Test(arguments: [true, false])
    func `what handlers leave behind is reaped, and their own ends are not taken`(
        isUp: Bool
    ) async throws {
        try await Site.with(settings) { site in
            try site.script("leaver", Self.leaver)
            let ingress: RunningIngress
            if isUp {
                ingress = try RunningIngress(
                    site.start("up", under: Self.first + [Binaries.samovar])
                )
            } else {
                ingress = try site.startIngress()
                try site.start(Binaries.worker, under: Self.first).awaitLine("working")
            }
            let delivery = try ingress.accept(Request())
            try site.awaitState("done", ofJobOf: delivery)
            #expect(try site.reader.number("SELECT exit_code FROM attempt") == 0)
            try waitUntil("all helpers to end") { site.lines("ended").count == 5 }
            let first = try #require(site.process(isUp ? "samovar" : "samovar-worker"))
            // As PID 1 sees them.
            let processes = "/proc/\(first)/root/proc"
            try #require(FileManager.default.fileExists(atPath: "\(processes)/1/stat"))
            try waitUntil("all helpers to be reaped") {
                site.lines("ended").allSatisfy {
                    !FileManager.default.fileExists(atPath: "\(processes)/\($0)")
                }
            }
        }
    }
}
