import Foundation

/// A wall clock that a test sets: `Tests/Faults/clock.c`, loaded into the programs that run under
/// ``wrapper``.
///
/// No privilege is needed for it, and nobody else's clock is touched.
struct SteppedClock: Sendable {
    let wrapper: [String]
    private let file: String

    /// Builds the library into the site's folder; the clock goes right.
    init(of site: Site) throws {
        let library = try PreloadedLibrary.build("clock", in: site)
        file = site.path("clock")
        wrapper = ["/usr/bin/env", "LD_PRELOAD=\(library)", "SAMOVAR_CLOCK=\(file)"]
        try site.write(String(repeating: "\0", count: 8), to: "clock")
    }

    /// From now on it is so many seconds ahead of the machine's.
    func set(ahead seconds: Int) throws {
        let microseconds = Int64(seconds) * 1_000_000
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: microseconds >> ($0 * 8)) }
        // In place: the programs have the file mapped.
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }
}
