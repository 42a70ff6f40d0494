/// What has to be mended before another attempt at a dead job can end in another way.
enum Mending {
    /// The broken thing, by the job's reason; nil when nothing says that an attempt is in vain.
    static func needed(for reason: String) -> String? {
        if finalCodes.contains(where: { reason == "exit code \($0)" }) { return "the handler" }
        if reason.hasPrefix("cannot execute ") { return "the handler's command" }
        if reason.hasPrefix("what the template makes is no JSON") {
            return "the handler's template"
        }
        return nil
    }

    /// The exit codes by which a handler says that it would fail again: sysexits(3), as
    /// docs/CONTRACT.md has them.
    private static let finalCodes = [64, 65, 77, 78]
}
