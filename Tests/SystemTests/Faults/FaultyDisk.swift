import Foundation
import TestSupport
import Testing

/// A disk that fails or is slow when a test says so: `Tests/Faults/faults.c`, loaded into the
/// programs that run under ``wrapper``.
struct FaultyDisk: Sendable {
    /// System calls that can be hit.
    enum Call: String, Sendable {
        case sync, write, read, truncate
    }

    /// What happens to a call.
    enum Effect: Sendable {
        case error(Int32)
        case delay(milliseconds: Int)
        /// Waits until ``FaultyDisk/release()``, five minutes at most.
        case hold
    }

    /// Calls on a file, and what happens to them.
    struct Rule: Sendable {
        var call: Call
        /// How the file's path ends.
        var file: String
        /// So many go through first.
        var skip = 0
        /// So many are hit; nil: all.
        var count: Int?
        var effect: Effect
    }

    /// What a program is started under to have this disk.
    var wrapper: [String] { ["/usr/bin/env", "LD_PRELOAD=\(library)"] + settings }
    /// What a program finds it by, when the library is loaded in another way.
    let settings: [String]
    let library: String
    private let site: Site

    /// Builds the library into the site's folder.
    init(of site: Site) throws {
        self.site = site
        library = try PreloadedLibrary.build("faults", in: site)
        settings = ["SAMOVAR_FAULTS=\(site.path("faults"))"]
    }

    /// From now on these rules hold, and no others.
    func set(_ rules: [Rule]) throws {
        // There before the first call looks for it.
        if rules.contains(where: \.effect.isHold) { try site.write("", to: "faults.hold") }
        let lines = rules.map { rule in
            let effect =
                switch rule.effect {
                case .error(let number): "\(number)"
                case .delay(let milliseconds): "\(milliseconds)m"
                case .hold: "hold"
                }
            return "\(rule.call) \(rule.file) \(rule.skip) \(rule.count ?? -1) \(effect)\n"
        }
        try site.write(lines.joined(), to: "faults.new")
        try #require(unsafe rename(site.path("faults.new"), site.path("faults")) == 0)
    }

    /// From now on it is a good disk; what is held goes on being held.
    func heal() throws {
        try set([])
    }

    /// Lets go what is held, and what would be.
    func release() throws {
        try FileManager.default.removeItem(atPath: site.path("faults.hold"))
    }

    /// How many calls were hit so far.
    var hits: Int { site.lines("faults.hits").count }

    /// Where in their files the reads and writes were that were hit so far.
    var placesHit: [Int] {
        site.lines("faults.hits").compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
    }

    func awaitHit() throws {
        try waitUntil("the disk to fail") { hits > 0 }
    }
}

extension FaultyDisk.Effect {
    fileprivate var isHold: Bool {
        switch self {
        case .hold: true
        case .error, .delay: false
        }
    }
}
