import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import Testing

@testable import Worker

@Suite
struct ConnectionFailureTests {
    private struct Odd: Error {
        var text = "secret"
    }

    private func answer(for error: any Error) -> HTTPAnswer {
        ConnectionFailure.answer(for: error, authority: "h:80")
    }

    @Test(arguments: [
        (ECONNREFUSED, "connection refused: h:80"), (ECONNRESET, "connection reset by peer: h:80"),
        (EHOSTUNREACH, "no route to host: h:80"), (EPIPE, "broken pipe: h:80"),
    ])
    func `what the network does is the other side's`(code: Int32, error: String) {
        #expect(answer(for: IOError(errnoCode: code, reason: "x")) == .noResponse(error: error))
    }

    @Test(arguments: [
        (EMFILE, "this machine: too many open files"),
        (ENOMEM, "this machine: cannot allocate memory"),
        (EADDRNOTAVAIL, "this machine: cannot assign requested address"),
    ])
    func `what this machine is out of is its own`(code: Int32, error: String) {
        #expect(answer(for: IOError(errnoCode: code, reason: "x")) == .notAsked(error: error))
    }

    @Test
    func `the libraries' errors are told in our words`() {
        let errors: [(any Error, String)] = [
            (HTTPClientError.connectTimeout, "no connection within 10 s: h:80"),
            (HTTPClientError.remoteConnectionClosed, "closed before a response: h:80"),
            (HTTPClientError.cancelled, "cancelled: h:80"),
            (ChannelError.inputClosed, "closed before a response: h:80"),
            (HTTPParserError.invalidConstant, "what came is no HTTP response: h:80"),
            (HTTPParserError.invalidEOFState, "closed before a response: h:80"),
        ]
        for (error, words) in errors { #expect(answer(for: error) == .noResponse(error: words)) }
    }

    @Test
    func `of an error that nobody knows the type is shown, and not what it says`() {
        #expect(answer(for: Odd()) == .noResponse(error: "Odd: h:80"))
    }

    @Test
    func `a connection that was closed without an answer is told from other trouble`() {
        let closed: [any Error] = [
            IOError(errnoCode: ECONNRESET, reason: "x"), IOError(errnoCode: EPIPE, reason: "x"),
            HTTPClientError.remoteConnectionClosed, ChannelError.ioOnClosedChannel,
        ]
        for error in closed { #expect(ConnectionFailure.isClosedUnanswered(error)) }
        let others: [any Error] = [
            IOError(errnoCode: ECONNREFUSED, reason: "x"), HTTPClientError.connectTimeout,
            HTTPClientError.cancelled, HTTPParserError.invalidEOFState, Odd(),
        ]
        for error in others { #expect(!ConnectionFailure.isClosedUnanswered(error)) }
    }
}
