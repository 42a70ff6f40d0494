import Foundation
package import QueueCore
package import Settings

/// Who listens on a port of this machine, as the kernel tells it (proc(5): /proc/net/tcp).
package struct PortHolder: Equatable, Sendable {
    /// Those that have the socket open, as far as this user can see them.
    package var processes: [ProcessName]

    /// Whose socket it is.
    package var user: UInt32

    /// Such a holder.
    package init(processes: [ProcessName], user: UInt32) {
        self.processes = processes
        self.user = user
    }

    /// `samovar-ingress (pid 35)`, or whose process it is.
    package var text: String {
        guard processes.isEmpty else { return processes.map(\.text).joined(separator: " and ") }
        return user == geteuid()
            ? "a process that cannot be seen from here"
            : "a process of another user (uid \(user))"
    }
}

extension PortHolder {
    /// Looks who keeps an address from being listened on; nil when nobody is found.
    package init?(of address: HostPort) {
        let tables = ["tcp", "tcp6"].compactMap { table in
            // A kernel without IPv6 has only one of them.
            FileManager.default.contents(atPath: "/proc/self/net/\(table)")
        }
        let sockets = tables.flatMap { table in
            ListeningSocket.all(in: String(decoding: table, as: UTF8.self))
        }
        guard let socket = sockets.first(where: { $0.blocks(address) }) else { return nil }
        self.init(processes: Self.processes(with: socket.inode), user: socket.user)
    }

    private static func processes(with inode: UInt64) -> [ProcessName] {
        let files = FileManager.default
        let entries = (try? files.contentsOfDirectory(atPath: "/proc")) ?? []
        let pids = entries.compactMap { Int32($0) }.sorted().filter { pid in
            // Gone since, or another user's.
            let numbers = (try? files.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
            return numbers.contains { number in
                let link = "/proc/\(pid)/fd/\(number)"
                let target = try? files.destinationOfSymbolicLink(atPath: link)
                return target == "socket:[\(inode)]"
            }
        }
        return pids.compactMap { ProcessName(pid: $0) }
    }
}

/// A line of /proc/net/tcp or /proc/net/tcp6 about a socket that listens.
struct ListeningSocket: Equatable {
    /// 4 or 16 bytes, as the network has them.
    var address: [UInt8]
    var port: Int
    var user: UInt32
    var inode: UInt64
}

extension ListeningSocket {
    /// Those of a table.
    static func all(in text: String) -> [ListeningSocket] {
        text.split(separator: "\n").compactMap { ListeningSocket($0) }
    }

    private init?(_ line: Substring) {
        let words = line.split(separator: " ")
        guard words.count > 9, words[3] == Self.listens, let user = UInt32(words[7]),
            let inode = UInt64(words[9])
        else { return nil }
        let parts = words[1].split(separator: ":")
        guard parts.count == 2, let port = Int(parts[1], radix: 16),
            let address = Self.bytes(parts[0])
        else { return nil }
        self.init(address: address, port: port, user: user, inode: inode)
    }

    /// Words of 32 bits, each printed as the number that this machine takes it for.
    private static func bytes(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            // Every machine that Samovar is built for keeps the lowest byte first.
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
            rest = rest.dropFirst(8)
        }
        return bytes
    }

    /// Whether nobody else can listen there because of this one.
    func blocks(_ wanted: HostPort) -> Bool {
        guard wanted.port == port else { return false }
        // A name stands for addresses that were not looked up here.
        guard let bytes = wanted.bytes else { return true }
        let isOpenToAll = { (address: [UInt8]) in address.allSatisfy { $0 == 0 } }
        return isOpenToAll(address) || isOpenToAll(bytes)
            || Self.plain(address) == Self.plain(bytes)
    }

    /// An IPv4 address without IPv6's clothes (`::ffff:127.0.0.1`).
    private static func plain(_ address: [UInt8]) -> [UInt8] {
        let clothes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        return address.starts(with: clothes) ? Array(address.dropFirst(clothes.count)) : address
    }

    /// TCP_LISTEN.
    private static let listens = "0A"
}

extension Failure {
    /// A port that cannot be opened: the reason in words, to which is added who holds it, and the key
    /// of the configuration that has the address.
    package init(cannotListenOn address: HostPort, _ reason: String, code: Int32?, key: String) {
        let holder = code == EADDRINUSE ? PortHolder(of: address)?.text : nil
        self.init(
            .unavailable,
            "cannot listen on \(address): \(reason)" + (holder.map { " by \($0)" } ?? ""),
            hint: "Is another samovar-ingress running, or does its socket unit hold the port "
                + "(systemctl status samovar-ingress.socket)? Otherwise change \(key)."
        )
    }
}
