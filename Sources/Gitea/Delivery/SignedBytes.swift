package import FoundationEssentials

/// The bytes of a delivery that Gitea signs: always the JSON payload.
package enum SignedBytes {
    /// The payload in a body.
    ///
    /// Nil when a form body is not well formed or does not have the field `payload` exactly once.
    ///
    /// - Source: go-gitea/gitea: services/webhook/deliver.go (the payload is signed, not the form)
    package static func of(body: Data, contentType: ContentType) -> Data? {
        switch contentType {
        case .json: body
        case .form: FormBody.payload(in: body)
        }
    }
}
