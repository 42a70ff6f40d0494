import Foundation
import QueueCore
import Settings
import TestSupport
import Testing

@testable import Operator

/// What `status` and `doctor` learn at the ingress's health port.
@Suite
struct IngressFactsTests {
    private func facts(_ health: HostPort?) async throws -> IngressFacts? {
        try await IngressFacts(asking: IngressSettings(health: health, sources: []), about: "a")
    }

    @Test(
        arguments: [
            (200, #"{"status":"ready","store":"a"}"#, IngressState.ready(note: nil)),
            (
                200, #"{"status":"ready","store":"a","durable":"spool"}"#,
                .ready(note: #"{"status":"ready","store":"a","durable":"spool"}"#)
            ),
            (
                200, #"{"status":"ready","durable":"spool"}"#,
                .ready(note: #"{"status":"ready","durable":"spool"}"#)
            ),
            (503, "busy\n", .notReady("busy")),
            (
                503, #"{"status":"error","store":"a"}"#,
                .notReady(#"{"status":"error","store":"a"}"#)
            ),
        ]
    )
    func `its answer says whether it takes deliveries`(
        status: Int,
        body: String,
        state: IngressState
    ) async throws {
        let listener = HTTPListener { _ in .status(status, body: body) }
        listener.listen()
        defer { listener.stop() }
        let port = HostPort(host: "127.0.0.1", port: Int(listener.port))
        #expect(try await facts(port)?.state == state)
        #expect(listener.requests.first?.line.hasPrefix("GET /readyz ") == true)
    }

    @Test(
        arguments: [
            (200, #"{"status":"ready","store":"b"}"#),
            (200, #"{"status":"ready","store":"b","durable":"spool"}"#),
            (503, #"{"status":"error","error":"busy","store":"b"}"#),
        ]
    )
    func `the answer of another Samovar is no all-clear`(status: Int, body: String) async throws {
        let listener = HTTPListener { _ in .status(status, body: body) }
        listener.listen()
        defer { listener.stop() }
        let port = HostPort(host: "127.0.0.1", port: Int(listener.port))
        let found = try #require(try await facts(port))
        #expect(
            found.state
                == .other("another Samovar answers at \(port): its store is b, and this is a")
        )
        #expect(found.diagnosis.level == .warning)
        #expect(found.cell.tone == .bad)
    }

    @Test(arguments: ["It works!", #"{"status":"ready"}"#])
    func `the answer of a program that names no store is no all-clear`(body: String) async throws {
        let listener = HTTPListener { _ in .status(200, body: body) }
        listener.listen()
        defer { listener.stop() }
        let port = HostPort(host: "127.0.0.1", port: Int(listener.port))
        let found = try #require(try await facts(port))
        #expect(
            found.state
                == .other("what answers at \(port) is not an ingress of this version: \(body)")
        )
    }

    @Test
    func `one that is dead or says nothing is silent`() async throws {
        let listener = HTTPListener { _ in .silence }
        let port = HostPort(host: "127.0.0.1", port: Int(listener.port))
        let dead = try #require(try await facts(port))
        let url = "http://\(port)/readyz"
        #expect(dead.state == .silent("no answer from \(url): connection refused"))
        #expect(dead.diagnosis.level == .warning)
        listener.listen()
        defer { listener.stop() }
        #expect(try await facts(port)?.state == .silent("no answer from \(url): timeout after 1 s"))
    }

    @Test(arguments: [
        nil, HostPort(host: "127.0.0.1", port: 0), HostPort(host: "192.0.2.1", port: 9),
    ])
    func `nobody is asked who has no port or another machine`(health: HostPort?) async throws {
        #expect(try await facts(health) == nil)
    }

    @Test(
        arguments: [
            (IngressState.ready(note: nil), "true,true,null"),
            (.notReady("busy"), #"true,false,"busy""#),
            (.silent("gone"), #"false,false,"gone""#),
            (.other("another"), #"true,false,"another""#),
        ]
    )
    func `programs read three facts`(state: IngressState, values: String) {
        let json = JSONOutput.object(IngressFacts(health: "[::1]:1", state: state).json)
        let found = json.replacing(#/\s|"(?:health|answers|ready|note)":/#, with: "")
        #expect(found == #"{"[::1]:1",\#(values)}"#)
    }
}
