/// Comparing letters from A to Z whatever their case, as Gitea does with names, and all other bytes
/// as they are: what is the same to Unicode, such as a K and the Kelvin sign, is not the same here.
extension Sequence<UInt8> {
    /// Whether it begins so.
    func starts(with start: some Sequence<UInt8>, ignoringCase: Bool) -> Bool {
        starts(with: start) { ignoringCase ? $0.lowercased == $1.lowercased : $0 == $1 }
    }

    /// Whether it is the same.
    func elementsEqual(_ other: some Sequence<UInt8>, ignoringCase: Bool) -> Bool {
        elementsEqual(other) { ignoringCase ? $0.lowercased == $1.lowercased : $0 == $1 }
    }
}

extension UInt8 {
    fileprivate var lowercased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}

extension String {
    /// The text without the white space before it, seen or not.
    var withoutLeadingSpace: Substring {
        Substring(
            unicodeScalars.drop {
                $0.properties.isWhitespace || $0 == "\u{200B}" || $0 == "\u{FEFF}"
            }
        )
    }
}
