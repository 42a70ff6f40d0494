/// Sizes as people write them: `4096`, `512KiB`, `32MiB`.
enum ByteSizeText {
    private static let units = [
        "": 1,
        "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
        "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000,
    ]

    /// Reads a number of bytes, or a number with a unit in either case.
    static func parse(_ text: String) throws(UnfitText) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard let number = Int(digits: digits), let factor = units[unit] else {
            throw UnfitText("must be a size such as 512KiB or 32MiB, not \(quoted(text))")
        }
        let (size, isTooLarge) = number.multipliedReportingOverflow(by: factor)
        return isTooLarge ? .max : size
    }

    /// A size in the largest unit that divides it.
    static func text(of size: Int) -> String {
        for (unit, length) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        where size >= length && size.isMultiple(of: length) {
            return "\(size / length)\(unit)"
        }
        return "\(size)"
    }
}
