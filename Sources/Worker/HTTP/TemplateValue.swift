import Mustache

/// A JSON value as the mustache library asks for it: everything but an array.
///
/// Null, false and the empty text count as nothing in sections.
struct TemplateValue: MustacheParent, MustacheTransformable, MustacheCustomRenderable {
    let node: JSONNode

    /// The value of a node; arrays have a type of their own, because sections repeat for them.
    static func of(_ node: JSONNode) -> Any {
        if case .array(let nodes) = node { return TemplateList(nodes: nodes) }
        return TemplateValue(node: node)
    }

    func child(named name: String) -> Any? {
        node[name].map(Self.of)
    }

    func transform(_ name: String) -> Any? {
        if name == "json" { return node.json }
        switch node {
        case .object(let fields):
            switch name {
            case "count": return fields.count
            case "empty": return fields.isEmpty
            default: return nil
            }
        case .text(let text): return text.transform(name)
        case .number(let digits): return Int64(digits)?.transform(name)
        case .array, .boolean, .null: return nil
        }
    }

    var renderText: String {
        switch node {
        case .text(let text): text
        case .null: ""
        case .object, .array, .number, .boolean: node.json
        }
    }

    var isNull: Bool {
        switch node {
        case .null, .boolean(false), .text(""): true
        case .object, .array, .number, .boolean, .text: false
        }
    }
}

/// A JSON array as the mustache library asks for it.
struct TemplateList: MustacheSequence, MustacheTransformable, MustacheCustomRenderable {
    let nodes: [JSONNode]

    func makeIterator() -> some IteratorProtocol<Any> {
        nodes.lazy.map(TemplateValue.of).makeIterator()
    }

    func transform(_ name: String) -> Any? {
        switch name {
        case "json": renderText
        case "count": nodes.count
        case "empty": nodes.isEmpty
        case "first": nodes.first.map(TemplateValue.of)
        case "last": nodes.last.map(TemplateValue.of)
        case "reversed": TemplateList(nodes: nodes.reversed())
        default: nil
        }
    }

    var renderText: String { JSONNode.array(nodes).json }

    var isNull: Bool { nodes.isEmpty }
}
