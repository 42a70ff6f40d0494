import CMalloc

/// How the memory of large bodies is given back.
enum LargeBlocks {
    /// Blocks of at least so many bytes are mapped by themselves: nearly all payloads are smaller.
    private static let bytes: Int32 = 1 << 20

    /// Has the system get each large block back as soon as it is freed.
    ///
    /// glibc begins with 128 KiB, and raises that to the size of whatever large block is freed, up
    /// to 32 MiB: from the second body of 20 MB on they come out of its heaps, which keep what lies
    /// below anything that is still in use. A worker that had run sixteen of them stayed at 1 GB. To
    /// set the limit also ends its rising: mallopt(3).
    static func giveBack() {
        // Refused or not, only memory depends on it.
        _ = mallopt(M_MMAP_THRESHOLD, bytes)
    }
}
