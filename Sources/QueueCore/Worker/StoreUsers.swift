import Foundation

/// Processes that a store may not be replaced under, as far as this user may see them.
enum StoreUsers {
    /// Workers that hold their lock, and every process that has the store's turn open, as all of
    /// Samovar's have from their start to their end.
    static func find(store: String) -> [String] {
        let stateFolder = (store as NSString).deletingLastPathComponent
        return workers(stateFolder) + holders(of: store + ".turn")
    }

    /// Handlers of a store's jobs that outlived their worker.
    static func handlers(of storeID: String) -> [String] {
        let mark = Data("\0SAMOVAR_STORE=\(storeID)\0".utf8)
        return pids().compactMap { pid in
            // Gone since, or another user's.
            guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/environ"),
                (Data([0]) + bytes).range(of: mark) != nil, pid != getpid()
            else { return nil }
            return "handler \(name(of: pid)) (pid \(pid))"
        }
    }

    private static func workers(_ stateFolder: String) -> [String] {
        // No such folder: no worker was ever here.
        let names = try? FileManager.default.contentsOfDirectory(atPath: stateFolder + "/workers")
        return (names ?? []).sorted().compactMap { name in
            guard name.hasSuffix(".lock") else { return nil }
            let worker = WorkerID(rawValue: String(name.dropLast(".lock".count)))
            return WorkerLock.isHeld(stateFolder: stateFolder, worker: worker)
                ? "worker \(worker)" : nil
        }
    }

    private static func holders(of file: String) -> [String] {
        guard let identity = FileIdentity(file) else { return [] }
        return pids().filter { $0 != getpid() }.compactMap { pid in
            let folder = "/proc/\(pid)/fd"
            // Gone since, or another user's.
            let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            let holds = descriptors.contains { FileIdentity("\(folder)/\($0)") == identity }
            return holds ? "\(name(of: pid)) (pid \(pid))" : nil
        }
    }

    private static func pids() -> [pid_t] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { pid_t($0) }.sorted()
    }

    private static func name(of pid: pid_t) -> String {
        let name = try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)
        return name?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "a process"
    }
}
