import Foundation
import Synchronization
import TestSupport

/// Deliveries that were acknowledged while programs were recorded, each with the moment at which that
/// was known.
final class RecordedLoad: Sendable {
    private let recording: DiskRecording
    private let acknowledged = Mutex<[(id: String, moment: Int)]>([])

    init(_ recording: DiskRecording) {
        self.recording = recording
    }

    var count: Int { acknowledged.withLock(\.count) }

    /// When it was known of each.
    var moments: [Int] { acknowledged.withLock { $0.map(\.moment) } }

    /// What must be there after a cut at a moment.
    func promised(by moment: Int) -> [String] {
        acknowledged.withLock { all in all.filter { $0.moment <= moment }.map(\.id) }
    }

    /// Sends so many, each on a connection of its own and several pages long.
    func send(
        _ count: Int,
        to ingress: RunningIngress,
        until isOver: () -> Bool = { false }
    ) throws {
        for _ in 0..<count where !isOver() {
            let request = Request(body: Self.body(12_000))
            // Nobody was told anything when it broke off.
            guard let reply = try? ingress.send(request) else { continue }
            try note(reply, to: request)
        }
    }

    /// Sends on several connections until the ingress is gone.
    func keepSending(to ingress: RunningIngress, clients: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<clients {
                group.addTask {
                    // The ingress is gone already.
                    guard let connection = try? ingress.connect() else { return }
                    while true {
                        let length = Int.random(in: 0..<4) > 0 ? 100 : Int.random(in: 1...40_000)
                        let request = Request(body: Self.body(length))
                        guard (try? connection.send(request.bytes)) != nil,
                            let reply = try? connection.reply()
                        else { return }
                        try self.note(reply, to: request)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func note(_ reply: HTTPReply, to request: Request) throws {
        guard reply.status == 202, let id = request.id else { return }
        // The answer came before this moment.
        let moment = try recording.moment
        acknowledged.withLock { $0.append((id, moment)) }
    }

    /// A push with white space behind it.
    private static func body(_ padding: Int) -> Data {
        Request.push() + Data(repeating: 0x20, count: padding)
    }
}
