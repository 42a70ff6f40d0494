/// The checksum of what is in the spool: CRC-32C (Castagnoli), as iSCSI, ext4 and SCTP use it.
///
/// It tells an append that was cut short, or a disk's mistake, from what was written. It is no
/// protection from people: who may write the file may write a checksum too.
struct CRC32C {
    private var state: UInt32 = .max

    /// Of all bytes so far.
    var value: UInt32 { ~state }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var state = self.state
        unsafe Self.table.withUnsafeBufferPointer { table in
            for index in 0..<bytes.count {
                let byte = unsafe UInt32(bytes[index])
                unsafe state = table[Int((state ^ byte) & 0xFF)] ^ (state >> 8)
            }
        }
        self.state = state
    }

    static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var checksum = CRC32C()
        unsafe Array(bytes).withUnsafeBytes { unsafe checksum.update($0) }
        return checksum.value
    }

    /// The polynomial 0x1EDC6F41, its bits reversed.
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in
            value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1
        }
    }
}
