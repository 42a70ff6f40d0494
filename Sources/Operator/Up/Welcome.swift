import Foundation
import Gitea
import Program
import QueueCore
import Settings

/// The first minute: sends a sample through the real port, shows the way it took, and says what to
/// enter in Gitea.
struct Welcome: Sendable {
    private let configuration: Configuration

    /// A welcome for a site that is being started.
    init(configuration: Configuration) {
        self.configuration = configuration
    }

    /// Shows it on standard output; whatever goes wrong is said there, too, and nothing stops.
    func show() async {
        do {
            try await IngressClient.with(own: true) { client in
                try await waitUntilReady(client)
                let journey = try await sendSample(client)
                say(journey.text(on: .standardOutput()))
            }
        } catch is CancellationError {
            return
        } catch {
            say("  The sample delivery did not get through: \(Self.message(error))\n")
        }
        if Task.isCancelled { return }
        say(GiteaInstructions(configuration: configuration).text)
    }

    /// The terminal may be gone; the services go on without it.
    private func say(_ text: String) {
        try? StandardOutput.write("\n" + text)
    }

    private func waitUntilReady(_ client: IngressClient) async throws {
        let url = configuration.ingress.readyURL
        var last = "it did not answer"
        var ready: IngressClient.Answer?
        let isReady = try await poll {
            do {
                let answer = try await client.get(url)
                last = "it answered \(answer.status) \(answer.text)"
                ready = answer
                // Without a health port the ingress itself is asked, and takes only POST.
                return answer.status == 200 || answer.status == 405
            } catch let failure as Failure {
                last = failure.message
                return false
            }
        }
        guard isReady else {
            throw Failure(.unavailable, "the ingress is not ready after 15 s: \(last)")
        }
        if let ready, let health = configuration.ingress.health?.local {
            try await refuseOther(ready, at: "\(health)")
        }
    }

    /// A sample that another Samovar took would be in its store, not in this one.
    private func refuseOther(_ answer: IngressClient.Answer, at health: String) async throws {
        let store = try await configuration.withStore { try await $0.uuid() }
        if case .other(let what) = IngressFacts.state(answer, at: health, about: store) {
            throw Failure(
                .unavailable,
                "\(what); nothing was sent",
                hint: "Stop one of them, or give it ports of its own (ingress.listen, "
                    + "ingress.health)."
            )
        }
    }

    private func sendSample(_ client: IngressClient) async throws -> Journey {
        let target = try SendTarget(first: configuration.ingress)
        let delivery = try SendSource(.sample("push"), isExact: false)
            .next(deliveryID: nil, key: target.key)
        let answer = try await client.post(delivery, to: target)
        guard (200..<300).contains(answer.status) else {
            throw Failure(
                .findings,
                "the ingress answered \(answer.status) \(answer.text)"
            )
        }
        return try await configuration.withStore { store in
            var journey = Journey(eventType: delivery.eventType, answer: answer)
            _ = try await poll {
                try await journey.follow(delivery.deliveryID, in: store)
                return journey.hasEnded
            }
            return journey
        }
    }

    /// Looks again and again until `isDone`, or the time is over.
    private func poll(_ isDone: () async throws -> Bool) async throws -> Bool {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(15)
        while clock.now < end {
            if try await isDone() { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    private static func message(_ error: any Error) -> String {
        let failure =
            switch error {
            case let failure as Failure: failure
            case let error as StoreError: Failure(error)
            default: Failure(.internal, String(describing: error))
            }
        return [failure.message, failure.hint].compactMap(\.self).joined(separator: "\n  ")
    }
}
