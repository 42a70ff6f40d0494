import Foundation
import Gitea
import Mustache
import Settings

/// Makes a request's body out of the envelope.
struct BodyTemplate: Sendable {
    private let template: MustacheTemplate
    private let isJSON: Bool

    /// Why there is no template, or no body.
    struct Failure: Error, Equatable {
        var reason: String
    }

    /// A template; what `{{…}}` escapes depends on what the body is.
    ///
    /// - Throws: what the library finds wrong with it, and the configuration did not.
    init(_ settings: TemplateSettings, contentType: String) throws(Failure) {
        isJSON = MediaType.isJSON(contentType)
        let escaping: TemplateEscaping =
            if isJSON { .json } else if MediaType.isForm(contentType) { .form } else { .none }
        TemplateEscaping.register
        do {
            // On a line of its own, which leaves no trace in what is rendered.
            template = try MustacheTemplate(
                string: "{{% CONTENT_TYPE: \(escaping.rawValue)}}\n\(settings.text)"
            )
        } catch let error as MustacheTemplate.ParserError {
            let line = error.context.lineNumber - 1
            throw Failure(
                reason: "line \(line), column \(error.context.columnNumber): \(error.error)"
            )
        } catch {
            throw Failure(reason: "\(error)")
        }
    }

    /// The body for an envelope.
    ///
    /// - Throws: when it ought to be JSON and is not; it would be as wrong the next time.
    func body(from envelope: Data) throws(Failure) -> Data {
        let root: JSONNode
        do {
            root = try JSONNode(parsing: envelope)
        } catch {
            throw Failure(reason: "the payload is no JSON: \(error)")
        }
        let body = Data(template.render(TemplateValue(node: root)).utf8)
        guard isJSON else { return body }
        do {
            _ = try JSONNode(parsing: body)
        } catch {
            throw Failure(reason: "what the template makes is no JSON: \(error)")
        }
        return body
    }
}

/// What `{{…}}` does to a value; `{{{…}}}` never does anything.
private enum TemplateEscaping: String, MustacheContentType {
    /// The inside of a JSON string.
    case json = "samovar-json"
    /// A field's name or value in a form: percent-encoded.
    case form = "samovar-form"
    /// As it is.
    case none = "TEXT"

    /// The library finds content types by name in a table of the process.
    static let register: Void = {
        MustacheContentTypes.register(TemplateEscaping.json, named: TemplateEscaping.json.rawValue)
        MustacheContentTypes.register(TemplateEscaping.form, named: TemplateEscaping.form.rawValue)
    }()

    func escapeText(_ text: String) -> String {
        switch self {
        case .json: return String(JSONText.quoted(text).dropFirst().dropLast())
        case .form:
            let unreserved = CharacterSet(
                charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
            )
            return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
        case .none: return text
        }
    }
}
