import Foundation
import Synchronization
import TestSupport

/// One installation of Samovar in a folder of its own: configuration, secret, store, handlers.
final class Site: Sendable {
    let folder: String
    private let programs = Mutex<[RunningProgram]>([])

    private init(folder: String) {
        self.folder = folder
    }

    var store: String { folder + "/queue.db" }
    var configuration: String { folder + "/samovar.yaml" }

    /// Gives a test a site, on threads that may block.
    ///
    /// Afterwards nothing that it started runs any more, and the store, if there is one, is checked
    /// to be sound.
    static func with(
        _ settings: SiteSettings = SiteSettings(),
        _ body: (Site) async throws -> Void
    ) async throws {
        await SiteGate.shared.enter()
        defer { SiteGate.shared.leave() }
        try await withTaskExecutorPreference(BlockingThreads.shared) {
            try await withTemporaryFolder { folder in
                let site = Site(folder: folder)
                try site.write(settings)
                try await site.run(body)
            }
        }
    }

    private func run(_ body: (Site) async throws -> Void) async throws {
        do {
            defer { end() }
            try await body(self)
        } catch {
            throw SiteFailure(cause: error, output: output)
        }
        if FileManager.default.fileExists(atPath: store), isOurs {
            try checkSoundness(ofStoreAt: store)
        }
    }

    /// Tests of bad input put other files in the store's place.
    private var isOurs: Bool {
        (try? StoreReader(path: store).number("SELECT max(number) < 1000 FROM migration")) == 1
    }

    /// What all programs printed, for whoever looks for the cause of a failure.
    private var output: String {
        programs.withLock { programs in
            programs.map { "--- pid \($0.pid)\n\($0.output)" }.joined(separator: "\n")
        }
    }

    // MARK: Files

    func write(_ settings: SiteSettings) throws {
        for (id, secret) in settings.secrets { try write(secret, to: "\(id).secret", mode: 0o600) }
        try write(settings.yaml, to: "samovar.yaml")
    }

    /// Writes a file of the site's folder.
    ///
    /// Closed on exec, as Foundation's writing is not: a program that another test starts at this
    /// moment would keep a script open, which then cannot be executed (ETXTBSY).
    func write(_ text: String, to name: String, mode: mode_t = 0o644) throws {
        let path = path(name)
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
        unsafe chmod(path, mode)  // whatever the umask says, and when the file was there before
    }

    /// Makes a shell script in the site's folder.
    func script(_ name: String, _ text: String) throws {
        try write("#!/bin/sh\n\(text)\n", to: name, mode: 0o755)
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// The lines of a file that handlers append to; none when there is no such file.
    func lines(_ name: String) -> [String] {
        guard let bytes = FileManager.default.contents(atPath: path(name)) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    // MARK: Programs

    /// Starts a program of Samovar with the site's configuration.
    func start(
        _ program: String,
        arguments: [String] = [],
        under wrapper: [String] = [],
        fault: String? = nil,
        environment more: [String: String] = [:],
        sockets: [Int32] = []
    ) throws -> RunningProgram {
        let fault = fault.map { ["SAMOVAR_FAULT": $0] } ?? [:]
        return try run(
            wrapper + [program, "--config", configuration] + arguments,
            environment: more.merging(fault) { $1 },
            sockets: sockets
        )
    }

    /// Starts any program in the site's folder.
    func run(
        _ command: [String],
        environment more: [String: String] = [:],
        sockets: [Int32] = []
    ) throws -> RunningProgram {
        let program = try RunningProgram(
            command,
            environment: environment.merging(more) { $1 },
            folder: folder,
            sockets: sockets
        )
        programs.withLock { $0.append(program) }
        return program
    }

    /// Starts ingress and worker with `samovar up`, and waits until both are there.
    func startBoth() throws -> RunningIngress {
        let ingress = try RunningIngress(start("up", under: [Binaries.samovar]))
        try ingress.program.awaitLine("working")
        return ingress
    }

    /// The pids of all that was started for this site and still runs, handlers included.
    var processes: [Int32] {
        Processes.whoseEnvironment(contains: Data("\0TMPDIR=\(folder)\0".utf8))
    }

    /// The pid of a program of this site that runs, by its file's name.
    func process(_ name: String) -> Int32? {
        processes.first { pid in
            let link = "/proc/\(pid)/exe"
            // Gone since.
            let file = try? FileManager.default.destinationOfSymbolicLink(atPath: link)
            return file?.hasSuffix("/\(name)") == true
        }
    }

    /// Starts the ingress and waits until it listens.
    func startIngress(
        under wrapper: [String] = [],
        fault: String? = nil
    ) throws -> RunningIngress {
        try RunningIngress(start(Binaries.ingress, under: wrapper, fault: fault))
    }

    /// Starts a worker and waits until it works.
    @discardableResult
    func startWorker(fault: String? = nil) throws -> RunningProgram {
        let worker = try start(Binaries.worker, fault: fault)
        try worker.awaitLine("working")
        return worker
    }

    /// The path of the folder is in it, also in that of handlers: `TMPDIR` is let through to them.
    ///
    /// So whatever a test leaves behind can be found.
    private var environment: [String: String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return [
            "PATH": path, "HOME": folder, "TMPDIR": folder, "DEPLOY_TOKEN": "hidden",
        ]
    }

    /// Kills what is left, handlers and their children included.
    private func end() {
        for program in programs.withLock(\.self) { program.killNow() }
        _ = try? waitFor("what is left to be gone") {
            let left = processes
            for pid in left { kill(pid, SIGKILL) }
            return left.isEmpty ? true : nil
        }
    }
}

/// What a test threw, and what the programs said meanwhile.
struct SiteFailure: Error, CustomStringConvertible {
    var cause: any Error
    var output: String

    var description: String { "\(cause)\n\(output)" }
}
