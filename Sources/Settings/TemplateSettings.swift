/// A mustache template of a request's body.
package struct TemplateSettings: Sendable, Equatable {
    /// The template.
    package var text: String

    /// The absolute path of its file; nil when it stands in the configuration.
    package var file: String?

    /// A template.
    package init(text: String, file: String? = nil) {
        self.text = text
        self.file = file
    }
}

extension TemplateSettings {
    /// Reads the text `template`.
    init?(_ setting: Setting) {
        guard let text = setting.text("a text") else { return nil }
        if let problem = TemplateProblem(in: text) {
            let place = "line \(problem.line), column \(problem.column)"
            setting.fail("\(setting.name), \(place) of the template: \(problem.message)")
            return nil
        }
        self.init(text: text)
    }

    /// Reads the path `template_file`, and what is there.
    ///
    /// The text is empty where handlers' files are not read.
    init?(file setting: Setting) {
        guard let file = setting.path(in: setting.reading.folder) else { return nil }
        guard setting.reading.secrets.contains(.handlers) else {
            self.init(text: "", file: file)
            return
        }
        let contents: FileContents
        do {
            contents = try FileContents(path: file, sizeMax: Limits.templateBytesMax)
        } catch {
            setting.fail("\(file) \(error.reason(sizeMax: Limits.templateBytesMax))")
            return nil
        }
        guard let text = String(validating: contents.bytes, as: UTF8.self), !text.isEmpty else {
            setting.fail("\(file) is \(contents.bytes.isEmpty ? "empty" : "not UTF-8")")
            return nil
        }
        if let problem = TemplateProblem(in: text) {
            setting.fail("\(file):\(problem.line):\(problem.column): \(problem.message)")
            return nil
        }
        self.init(text: text, file: file)
    }
}
