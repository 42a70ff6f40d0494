import Foundation

/// What every program shows of itself, under the names that Prometheus's own clients use.
package enum ProcessMetrics {
    /// The families of this process.
    ///
    /// - Parameters:
    ///   - program: `ingress` or `worker`.
    ///   - version: what this build is.
    /// - Returns: the families, to be shown with others.
    package static func all(program: String, version: String) -> [any Metric] {
        let start = Date().timeIntervalSince1970
        return [
            BuildInfo(program: program, version: version),
            Reading(
                "process_start_time_seconds",
                "When the process started, in seconds since 1970."
            ) { start },
            Reading(
                "process_cpu_seconds_total",
                "Processor time used, by user and system.",
                .counter
            ) { processorSeconds() },
            Reading("process_resident_memory_bytes", "Memory in use.") { memory(field: 1) },
            Reading("process_virtual_memory_bytes", "Addresses in use.") { memory(field: 0) },
            Reading("process_open_fds", "Open file descriptors.") {
                // Without /proc there is no answer, and no sample.
                let entries = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
                // One of them is the look itself.
                return entries.map { Double($0.count - 1) }
            },
            Reading("process_max_fds", "The most file descriptors that may be open.") {
                var limit = rlimit()
                let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
                guard unsafe getrlimit(kind, &limit) == 0 else { return nil }
                return Double(limit.rlim_cur)
            },
        ]
    }

    private static func processorSeconds() -> Double? {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// proc(5), /proc/self/statm: all, then resident, in pages.
    private static func memory(field: Int) -> Double? {
        guard let bytes = FileManager.default.contents(atPath: "/proc/self/statm") else {
            return nil
        }
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        guard fields.count > field, let pages = Double(fields[field]) else { return nil }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }
}

/// Always 1: what it says is in its labels, which are constants of the build.
private struct BuildInfo: Metric {
    let header = MetricHeader("samovar_build_info", "1; its labels say what runs.", .gauge)
    let program: String
    let version: String

    func write(to exposition: inout Exposition) {
        let labels = [
            Exposition.label("program", program), Exposition.label("version", version),
        ]
        exposition.sample(header.name, labels.joined(separator: ","), 1)
    }
}
