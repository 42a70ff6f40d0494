import Gitea

/// Which check a request failed, where its answer does not tell: that is for operators alone.
enum RefusalCause: Error, Equatable {
    case noAuthorization
    case severalAuthorizations
    case wrongBearer
    case noSignature
    /// There is a header, and nothing in it.
    case emptySignature(PresentedSignature.Header)
    /// What is in the header cannot be one.
    case malformedSignature(PresentedSignature.Header)
    case wrongSignature
    /// The signed bytes of a form cannot be told.
    case noPayload
    /// The first byte of a TLS handshake came, and this port speaks HTTP in the clear.
    case encrypted
}

extension RefusalCause: CustomStringConvertible {
    /// What was wrong, and what to do about it.
    var description: String {
        switch self {
        case .noAuthorization: "no Authorization header, and the source asks for its bearer token"
        case .severalAuthorizations: "more than one Authorization header"
        case .wrongBearer: "the Authorization header does not show the source's bearer token"
        case .noSignature:
            "no signature header: it is no hook of Gitea's, or a proxy removes the header"
        case .emptySignature(let header):
            "the header \(header.rawValue) is empty: the hook has no secret"
        case .malformedSignature(let header):
            "the header \(header.rawValue) is not \(header.shape)"
        case .wrongSignature:
            "the signature is wrong: the hook has another secret, or a proxy changed the body"
        case .noPayload: "the form does not have the field payload once, or has a broken escape"
        case .encrypted:
            "TLS on a port that speaks plain HTTP: the hook's URL begins with http, or set ingress.tls"
        }
    }
}

extension PresentedSignature.Header {
    fileprivate var shape: String {
        switch self {
        case .gitea, .forgejo, .gogs: "64 hexadecimal digits"
        case .hub: "sha256= and 64 hexadecimal digits"
        }
    }
}
