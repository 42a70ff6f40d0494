/// Why the spool could not do what it was asked.
package enum SpoolError: Error, Equatable, Sendable {
    case cannotOpen(file: String, reason: String)
    /// A file that Samovar did not write; it was not touched.
    case notASpool(file: String)
    /// Written by a newer version; it was not touched.
    case newer(file: String, version: Int)
    /// It belongs to another user of this machine.
    case notOwned(file: String, user: Int)
    /// Another process serves from it.
    case inUse(file: String)
    /// It has reached its largest size.
    case full(file: String, bytesMax: Int)
    case diskFull(file: String)
    case cannotWrite(file: String, reason: String)
    case cannotRead(file: String, reason: String)
    /// It was moved or deleted under the process that has it open.
    case lost(file: String)
    /// Bytes that were synced read otherwise now.
    case damaged(file: String, offset: Int)

    /// What to do next, in one sentence.
    package var operatorHint: String {
        switch self {
        case .cannotOpen:
            "The folder of `ingress.spool` must exist, and the ingress's user must be able to write to it."
        case .notASpool:
            "Point `ingress.spool` at a file that does not exist yet, or at Samovar's own."
        case .newer: "Install the version of Samovar that wrote it, or a newer one."
        case .notOwned:
            "Give it to the ingress's user (chown), or point `ingress.spool` at another file."
        case .inUse: "Is another samovar-ingress running? Each needs a spool of its own."
        case .full:
            "Deliveries are refused with 503: mend the store, or raise `ingress.spool.max_size`."
        case .diskFull: "Deliveries are refused with 503: free some space on the spool's disk."
        case .cannotWrite, .cannotRead:
            "Check the spool's disk (dmesg), its mount and its free space."
        case .lost:
            "Put the file back. If it was deleted, mend the store first: what was acknowledged is in "
                + "the deleted file, which this process still imports (wait for "
                + "samovar_spool_deliveries to be 0); then restart the ingress. Stop it before you "
                + "move the spool."
        case .damaged: "Its disk is not to be trusted: check it (dmesg)."
        }
    }
}

extension SpoolError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotOpen(let file, let reason): "cannot open the spool \(file): \(reason)"
        case .notASpool(let file): "\(file) is not a spool of Samovar"
        case .newer(let file, let version):
            "the spool \(file) has format \(version), which is newer"
        case .notOwned(let file, let user): "the spool \(file) belongs to user \(user)"
        case .inUse(let file): "the spool \(file) is used by another process"
        case .full(let file, let bytesMax): "the spool \(file) is full (\(bytesMax) bytes)"
        case .diskFull(let file): "the disk that holds the spool \(file) is full"
        case .cannotWrite(let file, let reason): "cannot write the spool \(file): \(reason)"
        case .cannotRead(let file, let reason): "cannot read the spool \(file): \(reason)"
        case .lost(let file): "the spool \(file) was moved or deleted"
        case .damaged(let file, let offset): "the spool \(file) is damaged at byte \(offset)"
        }
    }
}
