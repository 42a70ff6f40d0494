import Foundation

/// What the program was started with.
///
/// Swift's runtime on Linux finds the arguments in memory right before `environ`, when it is set up.
/// A library in LD_PRELOAD that sets a variable before that (libfaketime does) moves `environ` away,
/// and `CommandLine` then has no arguments at all, not even a name. It is so for programs that
/// have the runtime linked in, which is set up after such a library; the kernel has them still.
///
/// - Source: swiftlang/swift: stdlib/public/CommandLineSupport/CommandLine.cpp (ArgvGrabber)
package enum ProgramArguments {
    /// The program's name first, as it was called.
    package static let all: [String] = read(
        known: CommandLine.arguments,
        kernel: { FileManager.default.contents(atPath: "/proc/self/cmdline") }
    )

    /// Those after the name.
    package static var words: [String] { Array(all.dropFirst()) }

    /// `kernel` is asked for the text of /proc/PID/cmdline when nothing is known: proc(5).
    static func read(known: [String], kernel: () -> Data?) -> [String] {
        guard known.isEmpty, let text = kernel() else { return known }
        // Each ends in a zero byte, also one that is empty.
        return text.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
