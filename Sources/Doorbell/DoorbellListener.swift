import Dispatch
import Glibc
import StateFolder

/// A worker's own doorbell.
package final class DoorbellListener: Sendable {
    /// One element for any number of rings since the last one was taken.
    package let rings: AsyncStream<Void>

    /// Dispatch sources may be used from any thread (dispatch_source_create(3)); the import does
    /// not say so.
    private nonisolated(unsafe) let source: any DispatchSourceRead
    private let folder: DoorbellFolder
    private let name: String

    /// Hangs up the doorbell.
    ///
    /// From now on every ring is heard until ``close()``.
    ///
    /// `name` is the worker's id.
    package init(stateFolder: String, name: String) throws(DoorbellError) {
        folder = try DoorbellFolder(stateFolder: stateFolder)
        self.name = name + ".sock"
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | sockFlags, 0)
        guard descriptor >= 0 else { throw DoorbellError(action: "make a socket") }
        // Under its own name only when it can be rung: a ring before that would find it dead and
        // remove it.
        let newName = name + ".new"
        let bound = unsafe withAddress(folder.address(of: newName)) { address, length in
            unsafe Int(bind(descriptor, address, length))
        }
        let (new, final) = ("\(folder.path)/\(newName)", "\(folder.path)/\(self.name)")
        if bound == 0 { StateFile.shareSocket(new) }
        guard bound == 0, unsafe link(new, final) == 0 else {
            let error = DoorbellError(action: "bind \(final)")
            unsafe unlink(new)
            Glibc.close(descriptor)
            throw error
        }
        unsafe unlink(new)
        let (rings, continuation) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        self.rings = rings
        let source = DispatchSource.makeReadSource(
            fileDescriptor: descriptor,
            queue: DispatchQueue(label: "samovar.doorbell")
        )
        source.setEventHandler {
            var ring: UInt8 = 0
            while unsafe recv(descriptor, &ring, 1, 0) >= 0 {}
            continuation.yield()
        }
        source.setCancelHandler {
            Glibc.close(descriptor)
            continuation.finish()
        }
        source.activate()
        unsafe self.source = source
    }

    /// Takes the doorbell down.
    package func close() {
        unsafe unlink("\(folder.path)/\(name)")
        unsafe source.cancel()
    }
}
