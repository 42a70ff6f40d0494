/// A service that does jobs when it is sent a request.
package struct HTTPSettings: Sendable, Equatable {
    /// Where requests go: `http` or `https`, without user and fragment.
    package var url: String

    /// Headers that every request has besides Samovar's own, in the order of the file.
    package var headers: [HTTPHeader]

    /// What `Authorization: Bearer` carries.
    package var bearer: HandlerSecret?

    /// The key that bodies are signed with.
    package var signingKey: HandlerSecret?

    /// What bodies are made of; nil for the envelope.
    package var template: TemplateSettings?

    /// What bodies are.
    package var contentType: String

    /// The certificates of the authorities to trust, in PEM; nil for those of the system.
    package var authorities: CertificateFile?

    /// A service with the defaults for what is left out.
    package init(
        url: String,
        headers: [HTTPHeader] = [],
        bearer: HandlerSecret? = nil,
        signingKey: HandlerSecret? = nil,
        template: TemplateSettings? = nil,
        contentType: String = "application/json",
        authorities: CertificateFile? = nil
    ) {
        self.url = url
        self.headers = headers
        self.bearer = bearer
        self.signingKey = signingKey
        self.template = template
        self.contentType = contentType
        self.authorities = authorities
    }
}

/// A header of a request.
package struct HTTPHeader: Sendable, Equatable {
    /// Its name, as it is sent.
    package var name: String

    /// Its value, printable ASCII.
    package var value: String

    /// A header.
    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

extension HTTPSettings {
    private static let keys = Keys([
        "url", "headers", "bearer_file", "signing_secret_file", "template", "template_file",
        "content_type", "ca_file",
    ])

    /// Reads a handler's section `http`; nil without a usable URL or with a file that is no good,
    /// which is reported.
    init?(_ setting: Setting) {
        guard let section = setting.section(Self.keys) else { return nil }
        let url = section.required("url").flatMap { $0.value("a URL", HTTPAddress.checked) }
        let bearer = section["bearer_file"].map { HandlerSecret($0, for: .bearer) }
        let signingKey = section["signing_secret_file"].map { HandlerSecret($0, for: .signing) }
        let template = Self.template(section)
        let authorities = section["ca_file"].map { CertificateFile($0) }
        let headers = section["headers"].map { HTTPHeader.all($0, hasBearer: bearer != nil) } ?? []
        let contentType = section["content_type"]?.value("a media type", MediaType.checked)
        if let contentType, template == nil, !MediaType.isJSON(contentType) {
            section["content_type"]?.fail(
                "\(section.path).content_type is for the body of a template; "
                    + "without one the body is JSON"
            )
        }
        // A file with a mistake is an optional that holds nil.
        guard let url, bearer != .some(nil), signingKey != .some(nil), template != .some(nil),
            authorities != .some(nil)
        else { return nil }
        self.init(
            url: url,
            headers: headers,
            bearer: bearer ?? nil,
            signingKey: signingKey ?? nil,
            template: template ?? nil,
            authorities: authorities ?? nil
        )
        if let contentType { self.contentType = contentType }
        if bearer != nil || signingKey != nil { warnOfPlainText(section) }
        warnOfNoJSON(section)
    }

    /// The worker finds out with the first job, which is dead then.
    private func warnOfNoJSON(_ section: Section) {
        guard let template, !template.text.isEmpty, MediaType.isJSON(contentType),
            !TemplateJSON(template.text).isPossible,
            let setting = section["template"] ?? section["template_file"]
        else { return }
        setting.warn(
            "\(setting.name) makes no JSON, whatever is put in: put texts into quotes "
                + "(\"{{action}}\") or use {{{json(action)}}}, or set \(section.path).content_type"
        )
    }

    /// The outer optional is nil without a template, the inner one when it has a mistake.
    private static func template(_ section: Section) -> TemplateSettings?? {
        switch (section["template"], section["template_file"]) {
        case (nil, nil): return .none
        case (let text?, nil): return .some(TemplateSettings(text))
        case (nil, let file?): return .some(TemplateSettings(file: file))
        case (_?, let file?):
            file.fail("\(section.path) has template and template_file: use one of them")
            return .some(nil)
        }
    }

    private func warnOfPlainText(_ section: Section) {
        guard let address = HTTPAddress(url), !address.isSecure, !address.isLoopback else { return }
        section["url"]?.warn(
            "\(section.path).url is not https: whoever is on the way to \(address.host) "
                + "can read and change what is sent"
        )
    }
}
