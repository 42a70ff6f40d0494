import Glibc
import Spawn

/// A thread for one handler.
///
/// Not Foundation's, which does not say when the system has no thread to give: the attempt's end
/// would never come, and its lease would be renewed for ever.
enum HandlerThread {
    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// Runs the body on a thread that ends with it.
    ///
    /// - Throws: EAGAIN when the system has no thread to give; the body is not run then.
    static func start(_ run: @escaping @Sendable () -> Void) throws(SpawnError) {
        let body = unsafe Unmanaged.passRetained(Body(run))
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread,
            nil,
            { body in
                // Nobody waits for it: its memory goes with it.
                pthread_detach(pthread_self())
                guard let body = unsafe body else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run()
                return nil
            },
            body.toOpaque()
        )
        guard result == 0 else {
            unsafe body.release()
            throw SpawnError(code: result)
        }
    }
}
