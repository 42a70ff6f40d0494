/// How Gitea packs the payload into the body: the hook's setting "content type".
package enum ContentType: Sendable, Equatable {
    /// `application/json`: the body is the payload.
    case json

    /// `application/x-www-form-urlencoded`: the body is one field, `payload`.
    case form

    /// Reads the value of a `Content-Type` header; parameters and case do not matter.
    package init?(_ value: String) {
        let text = value.utf8.span
        let range = text.trimmedRange
        var end = range.lowerBound
        while end < range.upperBound, text[end] != UInt8(ascii: ";") { end += 1 }
        // A space may stand before the semicolon.
        while end > range.lowerBound, text[end - 1] <= UInt8(ascii: " ") { end -= 1 }
        let mediaType = range.lowerBound..<end
        if text.matches("application/json", in: mediaType) {
            self = .json
        } else if text.matches("application/x-www-form-urlencoded", in: mediaType) {
            self = .form
        } else {
            return nil
        }
    }
}
