/// The header with which a server, or a proxy before it, says when to come back.
///
/// Gitea itself sends none; of the header's two forms proxies send seconds. A date is passed over,
/// and the usual delay counts.
enum RetryAfter {
    static func duration(_ value: String) -> Duration? {
        let digits = value.split(separator: " ").first ?? ""
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        // More digits are more than any limit; they must not overflow.
        return .seconds(Int64(digits.prefix(9)) ?? 0)
    }
}
