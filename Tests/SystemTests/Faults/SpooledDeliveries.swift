import QueueCore

/// What waits in a spool's file that nobody has open.
enum SpooledDeliveries {
    /// The ids of its deliveries; what was cut short or damaged is set aside, as at a start.
    static func ids(in path: String) throws -> [String] {
        let spool = try SpoolFile(path: path, bytesMax: 1 << 30, now: Clocks.system.now())
        var ids: [String] = []
        while let batch = try spool.read(atMost: 4 << 20) {
            ids += batch.deliveries.map(\.id.rawValue)
            spool.markImported(batch)
        }
        return ids
    }
}
