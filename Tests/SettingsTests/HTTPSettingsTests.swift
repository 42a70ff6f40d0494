import Testing

@testable import Settings

@Suite
struct HTTPSettingsTests {
    private func handler(_ http: String) -> String {
        "\(ingressLine)\nhandlers:\n  main: { http: \(http) }"
    }

    @Test
    func `a complete handler is read as it is written`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("a.secret", "0123456789abcdef")
            try folder.write("agent.token", "t0ken\n")
            try folder.write("sign.key", "0123456789abcdef\n")
            try folder.write("body.mustache", "{\"n\":{{job.id}}}\n")
            let file = try folder.write(
                "samovar.yaml",
                """
                \(ingressLine)
                handlers:
                  main:
                    http:
                      url: https://agents.example.org:8443/hooks/agent?x=1
                      headers: { X-Team: tea, Accept: application/json }
                      bearer_file: agent.token
                      signing_secret_file: sign.key
                      template_file: body.mustache
                      content_type: application/vnd.tea+json
                    timeout: 20s
                    concurrency: 3
                    retry: { attempts: 2 }
                """
            )
            let configuration = try Configuration.load(
                file: file,
                secrets: .read,
                environment: [
                    "HOME": "/"
                ]
            )
            #expect(
                configuration.handlers == [
                    HandlerSettings(
                        name: "main",
                        kind: .http(
                            HTTPSettings(
                                url: "https://agents.example.org:8443/hooks/agent?x=1",
                                headers: [
                                    HTTPHeader(name: "X-Team", value: "tea"),
                                    HTTPHeader(name: "Accept", value: "application/json"),
                                ],
                                bearer: HandlerSecret(
                                    file: "\(folder.path)/agent.token",
                                    bytes: Array("t0ken".utf8)
                                ),
                                signingKey: HandlerSecret(
                                    file: "\(folder.path)/sign.key",
                                    bytes: Array("0123456789abcdef".utf8)
                                ),
                                template: TemplateSettings(
                                    text: "{\"n\":{{job.id}}}\n",
                                    file: "\(folder.path)/body.mustache"
                                ),
                                contentType: "application/vnd.tea+json"
                            )
                        ),
                        timeout: .seconds(20),
                        concurrency: 3,
                        retry: RetrySettings(attempts: 2)
                    )
                ]
            )
            #expect(configuration.warnings == [])
        }
    }

    @Test
    func `what is left out has the documented defaults`() throws {
        let http = try #require(
            try load(handler("{ url: 'http://127.0.0.1:18789/hooks' }")).handlers.first?.http
        )
        #expect(http == HTTPSettings(url: "http://127.0.0.1:18789/hooks"))
        #expect(http.contentType == "application/json")
    }

    @Test
    func `a template may stand in the configuration`() throws {
        let configuration = try load(
            """
            \(ingressLine)
            handlers:
              main:
                http:
                  url: http://[::1]:80
                  content_type: text/plain
                  template: |
                    a {{action}}
                    b
            """
        )
        let http = configuration.handlers.first?.http
        #expect(http?.template == TemplateSettings(text: "a {{action}}\nb"))
        #expect(http?.url == "http://[::1]:80")
    }

    @Test(
        arguments: [
            ("a {{action}}", false), (#"{"a": hello {{action}}}"#, false),
            (#"{"a": "{{action}}""#, false), (#"{"a": "{{action}}", }"#, false),
            (#"{"a": "{{action}}", "b": {{job.id}}}"#, true), ("{{{json(payload)}}}", true),
            (#"{"a": "x{{! a comment }}{{#b}}, {{.}}{{/b}}"}"#, true),
            (#"[{{#c}}{"id": "{{id}}"}{{^last()}},{{/last()}}{{/c}}]"#, true),
            (#"{ {{#a}}"x": 1{{/a}}{{^a}}"y": 2{{/a}} }"#, true),
            (#"{{=<% %>=}}{"a": "<% action %>", "b": "{{"}"#, true),
            (#"{"say": "a "{{action}}" b"}"#, false),
        ]
    )
    func `a template that can make no JSON draws a warning`(template: String, isFine: Bool) throws {
        let yaml = """
            \(ingressLine)
            handlers:
              main:
                http:
                  url: http://[::1]:80
                  template: '\(template)'
            """
        let messages = try load(yaml).warnings.map(\.message)
        #expect(messages.count == (isFine ? 0 : 1), "\(messages)")
        #expect(messages.allSatisfy { $0.hasPrefix("handlers.main.http.template makes no JSON") })
        let text = yaml.replacing("url:", with: "content_type: text/plain\n      url:")
        #expect(try load(text).warnings.isEmpty)
    }

    static let urls: [(String, String)] = [
        ("ftp://h/", "must begin with http:// or https://, not 'ftp://'"),
        ("file:///etc/passwd", "must begin with http:// or https://, not 'file://'"),
        ("http+unix://%2Fsocket/", "must begin with http:// or https://, not 'http+unix://'"),
        ("127.0.0.1:80", "must be a URL such as https://host:port/path"),
        ("/hooks", "must be a URL such as https://host:port/path"),
        ("http://", "must be a URL such as https://host:port/path"),
        ("http:///x", "must be a URL such as https://host:port/path"),
        ("http://user:secret@h/", "must not have a user or a password in it: use bearer_file"),
        ("http://user@h/", "must not have a user or a password in it: use bearer_file"),
        ("http://h/#part", "must not have a fragment ('#'), which is never sent"),
        ("http://h:0/", "must have a port from 1 to 65535, not 0"),
        ("http://h:65536/", "must have a port from 1 to 65535, not 65536"),
        ("http://h/a b", "must be ASCII without spaces (percent-encoded)"),
        ("http://hö/", "must be ASCII without spaces (percent-encoded)"),
    ]

    @Test(arguments: urls)
    func `a URL that no request can go to is an error`(url: String, message: String) throws {
        #expect(
            try mistakes(handler("{ url: '\(url)' }"))
                == ["3:24: handlers.main.http.url \(message)"]
        )
    }

    static let wrong: [(String, [String])] = [
        ("{}", ["3:17: handlers.main.http.url is missing"]),
        ("[]", ["3:17: handlers.main.http must be a mapping, not a list"]),
        ("'http://h'", ["3:17: handlers.main.http must be a mapping, not 'http://h'"]),
        (
            "{ url: 'http://h', urll: x }",
            ["3:36: unknown key 'urll' in handlers.main.http; did you mean 'url'?"]
        ),
        (
            "{ url: 'http://h', headers: [a] }",
            ["3:45: handlers.main.http.headers must be a mapping, not a list"]
        ),
        (
            "{ url: 'http://h', template: a, template_file: b }",
            ["3:64: handlers.main.http has template and template_file: use one of them"]
        ),
        (
            "{ url: 'http://h', template: 'a {{b' }",
            [
                "3:46: handlers.main.http.template, line 1, column 3 of the template: "
                    + "a tag without an end"
            ]
        ),
        (
            "{ url: 'http://h', content_type: text/plain }",
            [
                "3:50: handlers.main.http.content_type is for the body of a template; "
                    + "without one the body is JSON"
            ]
        ),
        (
            "{ url: 'http://h', template: a, content_type: json }",
            [
                "3:63: handlers.main.http.content_type must be a media type such as "
                    + "application/json, not 'json'"
            ]
        ),
    ]

    @Test(arguments: wrong)
    func `wrong values are reported`(http: String, messages: [String]) throws {
        #expect(try mistakes(handler(http)) == messages)
    }

    static let headers: [(String, String)] = [
        ("Host: h", "must not set Host: it comes from the url"),
        ("content-type: a/b", "must not set content-type: use content_type"),
        ("Idempotency-Key: k", "must not set Idempotency-Key: Samovar does"),
        ("User-Agent: k", "must not set User-Agent: Samovar does"),
        (
            "Content-Length: 1",
            "must not set Content-Length: it says how the request is sent, which Samovar decides"
        ),
        (
            "TRANSFER-ENCODING: chunked",
            "must not set TRANSFER-ENCODING: it says how the request is sent, which Samovar decides"
        ),
        (
            "Connection: close",
            "must not set Connection: it says how the request is sent, which Samovar decides"
        ),
        (
            "Expect: 100-continue",
            "must not set Expect: it says how the request is sent, which Samovar decides"
        ),
        ("Content-Encoding: gzip", "must not set Content-Encoding: bodies are sent as they are"),
        (
            "X-Samovar-Job: 1",
            "must not set X-Samovar-Job: names that begin with X-Samovar- are Samovar's"
        ),
    ]

    @Test(arguments: headers)
    func `headers that Samovar sets, or that frame a request, are errors`(
        header: String,
        message: String
    ) throws {
        #expect(
            try mistakes(handler("{ url: 'http://h', headers: { \(header) } }"))
                == ["3:47: handlers.main.http.headers \(message)"]
        )
    }

    static let oddHeaders: [(String, String)] = [
        ("'a b': c", "3:47: 'a b' is no name of a header"),
        ("'': c", "3:47: '' is no name of a header"),
        ("'ä': c", "3:47: 'ä' is no name of a header"),
        ("'a:': c", "3:47: 'a:' is no name of a header"),
        ("a: b, A: c", "3:53: duplicate header 'A': names are the same in any case"),
        (
            #"a: "b\nX-Evil: c""#,
            "3:50: handlers.main.http.headers.a must be printable ASCII on one line"
        ),
        ("a: 'ü'", "3:50: handlers.main.http.headers.a must be printable ASCII on one line"),
        (
            "a: ' b'",
            "3:50: handlers.main.http.headers.a must not begin or end with a space, "
                + "which is not sent"
        ),
        ("a: [b]", "3:50: handlers.main.http.headers.a must be a text, not a list"),
    ]

    @Test(arguments: oddHeaders)
    func `headers that cannot be sent are errors`(header: String, message: String) throws {
        #expect(try mistakes(handler("{ url: 'http://h', headers: { \(header) } }")) == [message])
    }

    @Test
    func `a token and a header with one are too many`() throws {
        let http = "{ url: 'http://h', bearer_file: f, headers: { Authorization: Basic x } }"
        #expect(
            try mistakes(handler(http)) == [
                "3:63: handlers.main.http.headers must not set Authorization: bearer_file does"
            ]
        )
        #expect(try mistakes(handler(http.replacing("bearer_file: f, ", with: ""))) == [])
    }

    @Test
    func `a handler is a program or a service`() throws {
        let both = "{ exec: [/bin/sh], http: { url: 'ftp://h' } }"
        #expect(
            try mistakes("\(ingressLine)\nhandlers:\n  a: \(both)") == [
                "3:31: handlers.a has exec and http: a handler is one of them; make it two",
                "3:38: handlers.a.http.url must begin with http:// or https://, not 'ftp://'",
            ]
        )
        let mixed = "{ http: { url: 'http://h' }, stdin: none, env: [], directory: / }"
        #expect(
            try mistakes("\(ingressLine)\nhandlers:\n  a: \(mixed)") == [
                "3:42: handlers.a.stdin is for exec handlers only",
                "3:53: handlers.a.env is for exec handlers only",
                "3:68: handlers.a.directory is for exec handlers only",
            ]
        )
        #expect(
            try mistakes("\(ingressLine)\nhandlers:\n  a: { exec: [/bin/sh], url: x }") == [
                "3:25: unknown key 'url' in handlers.a; it may have exec, http, timeout, "
                    + "concurrency, retry, " + ExecSettings.keys.joined(separator: ", ")
            ]
        )
    }
}
