import Testing

@testable import Settings

@Suite
struct SectionTests {
    @Test(arguments: [
        ("storre: x", "2:1: unknown key 'storre' at the top level; did you mean 'store'?"),
        (
            "banana: x",
            "2:1: unknown key 'banana' at the top level; it may have store, ingress, worker, log, "
                + "retention, gitea, trust, gates, handlers, routes"
        ),
        (
            "worker: { shutdownGrace: 1s }",
            "2:11: unknown key 'shutdownGrace' in worker; did you mean 'shutdown_grace'?"
        ),
        (
            "handlers: { a: { exec: [/bin/sh], retry: { attempt: 1 } } }",
            "2:44: unknown key 'attempt' in handlers.a.retry; did you mean 'attempts'?"
        ),
        ("? [a]\n: b", "2:3: a key of the configuration is not a text"),
        ("<<: { worker: {} }", "2:1: merge keys ('<<') are not supported; repeat the keys"),
        ("worker:", "2:8: worker must be a mapping, not empty"),
        ("worker: 8", "2:9: worker must be a mapping, not '8'"),
        ("handlers: []", "2:11: handlers must be a mapping, not a list"),
        ("routes: {}", "2:9: routes must be a list of routes, not a mapping"),
        ("store: [a]", "2:8: store must be a path, not a list"),
        ("store:", "2:7: store must be a path, not empty"),
        ("store: ''", "2:8: store must be a path, not ''"),
        ("store: \"a\\0b\"", "2:8: store must not contain a NUL character"),
    ])
    func `a key or a value that does not belong is an error`(line: String, message: String) throws {
        #expect(try mistakes("\(ingressLine)\n\(line)\n") == [message])
    }

    @Test(arguments: ["priority"])
    func `keys of routes of later versions are errors`(key: String) throws {
        #expect(
            try mistakes(route: "on: push, \(key): x")
                == ["4:35: '\(key)' is not supported in this version"]
        )
    }

    @Test(arguments: [
        (
            "worker: { slots: 1, slots: 2 }",
            ["2:21: duplicate key 'slots' in worker; the first is on line 2"]
        ),
        (
            "worker: { slots: 1, \"slots\": 2 }",
            ["2:21: duplicate key 'slots' in worker; the first is on line 2"]
        ),
        (
            "worker: { \"slots\": 1, 'slots': 2 }",
            ["2:23: duplicate key 'slots' in worker; the first is on line 2"]
        ),
        (
            "worker: {}\nworker: {}\nworker: {}",
            [
                "3:1: duplicate key 'worker'; the first is on line 2",
                "4:1: duplicate key 'worker'; the first is on line 2",
            ]
        ),
        ("worker: { ? &x slots : 1, slots: 1 }", ["2:13: duplicate key 'slots'"]),
    ])
    func `a key that is there twice is an error`(yaml: String, messages: [String]) throws {
        #expect(try mistakes("\(ingressLine)\n\(yaml)") == messages)
    }

    @Test
    func `many duplicate keys do not take forever`() throws {
        let lines = (0..<100).map { "k\($0): {}\nk\($0): {}" }
        #expect(try mistakes(lines.joined(separator: "\n")).count == 1)
    }
}
