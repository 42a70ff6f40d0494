/// The numbers this library decides on, each with its reason.
enum Limits {
    /// Characters in a delivery id: Gitea sends a UUID (36), proxies and tests may use their own.
    static let deliveryIDLengthMax = 128

    /// Characters in an event name: Gitea's longest, `pull_request_review_request`, has 27.
    static let eventNameLengthMax = 64

    /// How deep JSON may nest.
    ///
    /// Gitea's payloads reach about 8 levels. 512 is also Foundation's limit; the readers that
    /// handlers use are often recursive, and should not meet more.
    static let jsonDepthMax = 512

    /// Bytes in a SHA-256 digest, and so in an HMAC-SHA256.
    static let sha256BytesCount = 32
}
