/// A store with finished jobs that stays between runs: it takes minutes to fill.
struct KeptStore {
    private let file: StoreFile
    private let fresh: StoreFile

    init(folder: String, jobs: Int) {
        file = StoreFile.own("finished-\(jobs)", in: folder)
        fresh = StoreFile.own("fresh", in: folder)
    }

    /// Takes it out of its place while it is used: a run that is cut short leaves nothing behind
    /// that looks whole.
    ///
    /// - Returns: false when there is none, or one of another schema.
    func take(as other: StoreFile) async throws -> Bool {
        guard file.exists else { return false }
        try fresh.remove()
        try await fresh.create()
        let isCurrent = try file.schema() == fresh.schema()
        try fresh.remove()
        guard isCurrent else {
            try file.remove()
            return false
        }
        try file.move(to: other)
        return true
    }

    func put(_ other: StoreFile) throws {
        try other.move(to: file)
    }
}
