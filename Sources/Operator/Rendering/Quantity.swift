import QueueCore

/// Durations and sizes as people say them.
enum Quantity {
    /// `1.9 ms`, `350 ms`, `4.2 s`, `3 min 5 s`, `2 h 5 min`, `3 d 4 h`.
    static func text(_ duration: Duration) -> String {
        let milliseconds = Double(duration.microseconds) / 1000
        if milliseconds < 999.5 { return "\(tenths(milliseconds)) ms" }
        if milliseconds < 59_950 { return "\(tenths(milliseconds / 1000)) s" }
        let seconds = Int((milliseconds / 1000).rounded())
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
        if hours == 0 { return pair(minutes, "min", seconds % 60, "s") }
        if days == 0 { return pair(hours, "h", minutes % 60, "min") }
        return pair(days, "d", hours % 24, "h")
    }

    /// `512 B`, `1.5 KiB`, `12 MiB`.
    static func text(bytes: Int64) -> String {
        var value = Double(bytes)
        var units = ["B", "KiB", "MiB", "GiB", "TiB"][...]
        while value >= 1023.5, units.count > 1 {
            value /= 1024
            units.removeFirst()
        }
        let number = units.startIndex == 0 ? String(bytes) : tenths(value)
        return "\(number) \(units[units.startIndex])"
    }

    /// `1 job`, `2 jobs`.
    static func count(_ number: Int, _ noun: String, plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    private static func pair(_ large: Int, _ unit: String, _ small: Int, _ rest: String) -> String {
        small == 0 ? "\(large) \(unit)" : "\(large) \(unit) \(small) \(rest)"
    }

    /// One decimal where it says something.
    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths < 100 && tenths > 0 ? "\(tenths / 10).\(tenths % 10)" : "\((tenths + 5) / 10)"
    }
}
