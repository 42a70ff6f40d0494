import Foundation
import Logging
import QueueCore
import Settings

/// The spool as a start found it.
struct SpoolOpening: Sendable {
    /// None: nobody wants one.
    static let none = SpoolOpening()

    var file: SpoolFile?
    /// Why there is none, although it is configured.
    var trouble: SpoolError?

    private init() {}

    /// Opens the spool that is configured, if there is one.
    ///
    /// A disk that keeps it away does not keep the ingress down while there is a store to work with.
    /// Without a store it does: nothing could be promised, and one that were made now might hide
    /// the real one, whose disk is missing too.
    ///
    /// - Throws: also for a file that is not to be touched, or that another process has.
    init(_ configuration: Configuration, logger: Logger) throws(SpoolError) {
        guard let settings = configuration.ingress.spool else { return }
        do throws(SpoolError) {
            file = try SpoolFile(
                path: settings.file,
                bytesMax: settings.maxBytes,
                now: Clocks.system.now()
            )
        } catch {
            guard error.isOfDisk, FileManager.default.fileExists(atPath: configuration.store) else {
                throw error
            }
            trouble = error
            logger.error(
                "serving without the spool: what it holds is not imported",
                metadata: [
                    "error": "\(error)",
                    "hint": "\(error.operatorHint) Then restart the ingress.",
                ]
            )
        }
    }
}
