import Foundation
import TestSupport

/// What the ingress says of a delivery that it knows.
struct Stored: Decodable, Equatable {
    var status: String
    var delivery: String
    var seq: Int

    init(status: String, delivery: String, seq: Int) {
        self.status = status
        self.delivery = delivery
        self.seq = seq
    }

    init(_ reply: HTTPReply) throws {
        self = try JSONDecoder().decode(Stored.self, from: reply.body)
    }
}
