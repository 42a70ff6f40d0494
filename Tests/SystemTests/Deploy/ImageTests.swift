import Foundation
import Spawn
import TestSupport
import Testing

/// What of the image in `deploy/docker` can be known without a container engine.
@Suite
struct ImageTests {
    /// Not loaded, but wanted: certificates for http handlers, time zones, `samovar sql`, PID 1.
    private static let wanted: Set = ["ca-certificates", "tzdata", "sqlite3", "tini"]
    /// In every Debian image: dpkg itself needs them.
    private static let essential: Set = ["libc6", "libgcc-s1", "zlib1g"]

    @Test
    func `the image has the packages that the programs load, and no others`() async throws {
        try await withTemporaryFolder { folder in
            var loaded: Set<String> = []
            for program in [Binaries.ingress, Binaries.worker, Binaries.samovar] {
                let lines = try Deploy.run(["ldd", program], in: folder).split(separator: "\n")
                for line in lines {
                    // `libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x…)`; what has no path is the
                    // kernel's. The Swift runtime is linked into the programs of the image.
                    guard
                        let path = line.split(separator: " => ").last?.split(separator: " ").first,
                        path.hasPrefix("/lib/") || path.hasPrefix("/usr/lib/")
                    else { continue }
                    // dpkg has it under the one or the other name of the folder.
                    let place = path.hasPrefix("/usr/") ? path.dropFirst(4) : path
                    let owner = try Deploy.run(
                        ["dpkg-query", "--search", "*\(place)"],
                        in: folder
                    )
                    loaded.insert(String(owner.prefix { $0 != ":" }))
                }
            }
            let file = try Deploy.text("docker/Dockerfile")
            let runtime = try #require(file.components(separatedBy: "FROM debian:").last)
            let words = runtime.split(separator: "&&").first { $0.contains("apt-get install") }
            let packages = try #require(words).split(whereSeparator: \.isWhitespace).map(
                String.init
            )
            .filter { !["apt-get", "install", "\\"].contains($0) && !$0.hasPrefix("-") }
            let installed = Set(packages).subtracting(Self.wanted)
            #expect(installed == loaded.subtracting(Self.essential))
            #expect(Set(packages).isSuperset(of: Self.wanted))
        }
    }

    @Test
    func `an init is PID 1 of the image, whatever runs in it`() throws {
        let lines = try Deploy.text("docker/Dockerfile").split(separator: "\n")
        #expect(lines.contains(#"ENTRYPOINT ["/usr/bin/tini", "--"]"#))
        #expect(try !Deploy.text("docker/compose.yaml").contains("entrypoint"))
    }

    @Test
    func `the health check of the image knows a ready ingress from one that is away`()
        async throws
    {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let check = [Deploy.root + "/deploy/docker/healthy", "\(ingress.healthPort)"]
            try Deploy.run(check, in: site.folder)
            ingress.program.killNow()
            try Deploy.run(check, in: site.folder, expecting: .code(1))
        }
    }
}
