import Glibc
import StateFolder

/// The folder of doorbells: one Unix datagram socket per worker, `<state>/doorbell/<id>.sock`.
///
/// A socket's path may have 107 bytes only (unix(7)), so sockets are named through the open folder
/// in /proc, which keeps any state folder possible.
struct DoorbellFolder: Sendable {
    let path: String
    let descriptor: Int32

    init(stateFolder: String) throws(DoorbellError) {
        path = stateFolder + "/doorbell"
        guard StateFile.makeFolder(path) else { throw DoorbellError(action: "make \(path)") }
        descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DoorbellError(action: "open \(path)") }
    }

    func address(of name: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let short = Array("/proc/self/fd/\(descriptor)/\(name)".utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            precondition(short.count < bytes.count, "the path through /proc is short")
            unsafe bytes.copyBytes(from: short)
        }
        return address
    }

    /// The sockets there are now.
    func names() -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".sock") { names.append(name) }
        }
        return names
    }
}

/// Why a doorbell could not be set up.
///
/// Ringing never fails: see ``Doorbell``.
package struct DoorbellError: Error, CustomStringConvertible {
    package var description: String

    init(action: String) {
        description = unsafe "cannot \(action): \(String(cString: strerror(errno)))"
    }
}

/// Calls a socket function with an address.
func withAddress(
    _ address: sockaddr_un,
    _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int
) -> Int {
    unsafe withUnsafePointer(to: address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            unsafe call(pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
