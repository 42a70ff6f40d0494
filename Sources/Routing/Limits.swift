/// The numbers this library decides on, each with its reason.
enum Limits {
    /// Listed paths that `paths` looks at; of a push with more it holds unasked.
    ///
    /// The work loop decides between two renewals of its leases (seconds). A pattern was measured to
    /// take 0.03 to 0.7 µs for a path of 60 to 100 bytes: 80 different ones (20 routes with 4 each)
    /// ask 10 000 paths in 0.1 s, in 0.6 s at worst. Nobody reads a larger push.
    static let changedPathsMax = 10_000

    /// Bytes of these paths: 100 for each, since a pattern takes time for every byte.
    static let changedPathsBytesMax = 1_000_000
}
