import Glibc

/// Tells every worker that work was committed.
///
/// Ringing never blocks and never fails: a worker whose socket is full has been rung already, one
/// that is dead has its socket removed, and a ring that is lost costs the poll interval.
package struct Doorbell: Sendable {
    private let folder: DoorbellFolder
    private let descriptor: Int32

    package init(stateFolder: String) throws(DoorbellError) {
        folder = try DoorbellFolder(stateFolder: stateFolder)
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | sockFlags, 0)
        guard descriptor >= 0 else { throw DoorbellError(action: "make a socket") }
    }

    /// Rings at all workers' doors, but for the caller's own.
    package func ring(except own: String? = nil) {
        for name in folder.names() where name != own.map({ $0 + ".sock" }) {
            var ring: UInt8 = 1
            let sent = unsafe withAddress(folder.address(of: name)) { address, length in
                unsafe sendto(descriptor, &ring, 1, Int32(MSG_DONTWAIT), address, length)
            }
            // Nobody has this socket open any more: its worker died without a word.
            if sent < 0, errno == ECONNREFUSED {
                unsafe unlink("\(folder.path)/\(name)")
            }
        }
    }
}

/// Closed when a handler is started, and never waited on.
let sockFlags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
