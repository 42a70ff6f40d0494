import Testing

@testable import Settings

@Suite
struct TemplateProblemTests {
    @Test(arguments: [
        "", "plain {text} }} {", "{{a}} {{ a.b.c }} {{{a}}} {{&a}} {{.}}",
        "{{json(a.b)}} {{last()}}",
        "{{uppercased(first(a))}}", "{{#a}}{{^b}}{{/b}}{{/a}}", "{{#json(a)}}{{/json(a)}}",
        "{{! anything {{ at all }}", "{{=<% %>=}}<% a %> {{ <%={{ }}=%>{{a}}",
        "{{.a}} {{.a.b}} {{a-b.c_d.0}} {{index()}} {{plusone(index())}}", "{{json(.)}}",
        "{{#a}}{{=<% %>=}}<%/a%>{{b}}", #"{"a":{"b":{{{json(c)}}}}}"#,
        "{{#a}}\n  x\n{{/a}}\n",
    ])
    func `a template without mistakes has none`(text: String) {
        #expect(TemplateProblem(in: text) == nil)
    }

    @Test(arguments: [
        ("a\n {{b", 2, 2, "a tag without an end"), ("{{", 1, 1, "a tag without an end"),
        ("{{{a}}", 1, 1, "'{{{' without '}}}'"), ("{{! comment", 1, 1, "a tag without an end"),
        ("x {{#a}}\n{{b}}", 1, 3, "the section 'a' is not closed"),
        ("{{#a}}{{#b}}{{/a}}", 1, 13, "'a' is closed where 'b' is open"),
        ("{{/a}}", 1, 1, "'a' is closed and was not opened"),
        ("{{#json(a)}}{{/a}}", 1, 13, "'a' is closed where 'json(a)' is open"),
        ("{{}}", 1, 1, "'' is no name: a tag holds names with dots, json(name)"),
        ("{{a b}}", 1, 1, "'a b' is no name: a tag holds names with dots, json(name)"),
        ("ü\r\n{{a/b}}", 2, 1, "'a/b' is no name: a tag holds names with dots, json(name)"),
        ("{{json(a}}", 1, 1, "'json(a' is no name: a tag holds names with dots, json(name)"),
        ("{{json(a))}}", 1, 1, "'json(a))' is no name: a tag holds names with dots, json(name)"),
        ("{{json)a(}}", 1, 1, "'json)a(' is no name: a tag holds names with dots, json(name)"),
        ("{{> part}}", 1, 1, "partials and inheritance are not supported"),
        ("{{<part}}{{/part}}", 1, 1, "partials and inheritance are not supported"),
        ("{{$block}}{{/block}}", 1, 1, "partials and inheritance are not supported"),
        ("{{=<%=}}", 1, 1, "new delimiters are set with {{=<% %>=}}"),
        ("{{=a b c=}}", 1, 1, "new delimiters are set with {{=<% %>=}}"),
        ("{{a..b}}", 1, 1, "'a..b' is no name: a tag holds names with dots, json(name)"),
        ("{{a.}}", 1, 1, "'a.' is no name: a tag holds names with dots, json(name)"),
        ("{{..}}", 1, 1, "'..' is no name: a tag holds names with dots, json(name)"),
        ("{{?}}", 1, 1, "'?' is no name: a tag holds names with dots, json(name)"),
        ("{{a.*.b}}", 1, 1, "'a.*.b' is no name: a tag holds names with dots, json(name)"),
        ("{{(a)}}", 1, 1, "'(a)' is no name: a tag holds names with dots, json(name)"),
        ("{{a)(b)}}", 1, 1, "'a)(b)' is no name: a tag holds names with dots, json(name)"),
        ("x\n {{foo(payload.t)}}", 2, 2, "there is no function 'foo'"),
        ("{{{jsn(a)}}}", 1, 1, "there is no function 'jsn'; did you mean 'json'?"),
        (
            "{{#json(uppercase(a))}}", 1, 1,
            "there is no function 'uppercase'; did you mean 'uppercased'?"
        ),
        ("{{^lst()}}", 1, 1, "there is no function 'lst'; did you mean 'last'?"),
        ("{{json()}}", 1, 1, "json() needs the name of a value: json(payload)"),
        ("{{index(a)}}", 1, 1, "index() takes no value: it is about the place in a list"),
    ])
    func `a mistake is told by its place`(text: String, line: Int, column: Int, message: String) {
        let problem = TemplateProblem(in: text)
        #expect(problem?.message == message)
        #expect(problem?.line == line)
        #expect(problem?.column == column)
    }

    @Test(arguments: [
        "{{% CONTENT_TYPE: TEXT}}", "{{%CONTENT_TYPE:HTML}}", "{{% CONTENT_TYPE: XML}}",
        "{{=<% %>=}}<%% CONTENT_TYPE: TEXT%>", "{{#a}}{{=<% %>=}}<%/a%>{{% CONTENT_TYPE: TEXT}}",
    ])
    func `a template cannot turn the escaping off`(text: String) {
        let message = "pragmas are not supported: tags escape for the content_type"
        #expect(TemplateProblem(in: text)?.message == message)
    }
}
