import Foundation
import QueueCore
import Settings
import TestSupport
import Testing

@testable import Program

/// Who is named when an address is in use.
@Suite
struct PortHolderTests {
    private static let tcp = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:2120 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 x
           1: 0100007F:2120 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 x
           2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 x

        """
    private static let tcp6 = """
          sl  local_address                         remote_address                        st
           0: 00000000000000000000000001000000:2121 00000000000000000000000000000000:0000 0A 0:0 0:0 0 7 0 1
           1: 0000000000000000FFFF00000100007F:2122 00000000000000000000000000000000:0000 0A 0:0 0:0 0 7 0 2
           2: 00000000000000000000000000000000:2123 00000000000000000000000000000000:0000 0A 0:0 0:0 0 7 0 3

        """

    @Test
    func `only sockets that listen are read`() {
        #expect(
            ListeningSocket.all(in: Self.tcp) == [
                ListeningSocket(address: [127, 0, 0, 1], port: 8480, user: 1000, inode: 4711),
                ListeningSocket(address: [0, 0, 0, 0], port: 80, user: 0, inode: 4713),
            ]
        )
    }

    @Test(
        arguments: [
            ("127.0.0.1", 8480, 4711), ("0.0.0.0", 8480, 4711), ("localhost", 8480, 4711),
            ("127.0.0.2", 8480, nil), ("127.0.0.1", 8479, nil), ("192.0.2.1", 80, 4713),
            ("::1", 8481, 1), ("::2", 8481, nil), ("127.0.0.1", 8482, 2), ("127.0.0.1", 8483, 3),
        ] as [(String, Int, UInt64?)]
    )
    func `a socket is in the way of its own address, or of any`(
        host: String,
        port: Int,
        inode: UInt64?
    ) {
        let wanted = HostPort(host: host, port: port)
        let sockets = ListeningSocket.all(in: Self.tcp) + ListeningSocket.all(in: Self.tcp6)
        #expect(sockets.first { $0.blocks(wanted) }?.inode == inode)
    }

    @Test
    func `a process of this user is named, and another one by its user`() throws {
        let listener = HTTPListener { _ in .silence }
        let address = HostPort(host: "127.0.0.1", port: Int(listener.port))
        #expect(PortHolder(of: address) == nil)
        listener.listen()
        defer { listener.stop() }
        let holder = try #require(PortHolder(of: address))
        #expect(holder.processes.contains { $0.pid == getpid() })
        #expect(holder.text.contains("(pid \(getpid()))"))
        let other = geteuid() + 1
        #expect(
            PortHolder(processes: [], user: other).text
                == "a process of another user (uid \(other))"
        )
    }
}
