import NIOHTTP1

/// What `/readyz` answers: a status, and one object that names the store which it is about.
///
/// Two Samovars on one machine may want the same port: "ready" alone would be taken for the answer
/// of the one that did not get it.
struct ReadinessAnswer: Equatable {
    var status: HTTPResponseStatus
    var json: String

    /// - Parameters:
    ///   - readiness: nil when finding out took too long.
    ///   - store: its uuid; nil as long as it was never open.
    init(_ readiness: HealthPort.Readiness?, store: String?) {
        let name = store.map { #","store":\#(HealthHandler.quoted($0))"# } ?? ""
        let refusal: String
        switch readiness {
        case .ready:
            status = .ok
            json = #"{"status":"ready"\#(name)}"#
            return
        case .standIn(let standIn, let reason):
            status = .ok
            let details = #""durable":"\#(standIn)","reason":\#(HealthHandler.quoted(reason))"#
            json = #"{"status":"ready"\#(name),\#(details)}"#
            return
        case .notReady(let reason): refusal = reason
        case nil: refusal = "the store was busy for too long"
        }
        status = .serviceUnavailable
        json = #"{"status":"error","error":\#(HealthHandler.quoted(refusal))\#(name)}"#
    }
}
