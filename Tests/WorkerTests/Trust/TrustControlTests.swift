import Synchronization
import Testing

@testable import Worker

@Suite
struct TrustControlTests {
    /// Keeps the orders that it gets.
    private final class Orders: AttemptControl {
        private let all = Mutex<[String]>([])
        var texts: [String] { all.withLock(\.self) }

        func stop(_ reason: StopReason, kill: Bool) {
            all.withLock { $0.append("\(reason)\(kill ? " now" : "")") }
        }
    }

    @Test
    func `an order ends the question`() async {
        let control = TrustControl()
        let question = Task {
            // Ends by cancellation alone.
            while !Task.isCancelled { await Task.yield() }
        }
        control.attach(question)
        control.stop(.cancelled, kill: false)
        await question.value
        #expect(control.reason == .cancelled)
    }

    @Test
    func `an order that came before the question ends it too`() async {
        let control = TrustControl()
        control.stop(.shutdown, kill: false)
        let question = Task {
            while !Task.isCancelled { await Task.yield() }
        }
        control.attach(question)
        await question.value
    }

    @Test
    func `an order between answer and handler reaches the handler`() {
        let control = TrustControl()
        let handler = Orders()
        control.stop(.shutdown, kill: false)
        control.stop(.cancelled, kill: true)
        control.handOver(to: handler)
        #expect(handler.texts == ["shutdown now"])
    }

    @Test
    func `orders go to the handler once it runs`() {
        let control = TrustControl()
        let handler = Orders()
        control.handOver(to: handler)
        #expect(handler.texts.isEmpty)
        control.stop(.timedOut, kill: false)
        control.stop(.shutdown, kill: true)
        #expect(handler.texts == ["timedOut", "shutdown now"])
    }

    @Test
    func `a handler that never began gets none`() {
        let control = TrustControl()
        control.handOver(to: nil)
        control.stop(.shutdown, kill: true)
        #expect(control.reason == .shutdown)
    }
}
