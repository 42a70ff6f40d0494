import Foundation
import Gitea
import Program

/// What `samovar send` sends.
enum SendSubject: Equatable {
    /// A made-up payload of this event type.
    case sample(String)

    /// A file with a JSON payload, sent as this event type.
    case payload(file: String, eventType: String)

    /// A file with a whole request, `.http`.
    case recording(file: String)

    /// Reads the words of the command line.
    ///
    /// A word that is the name of a sample is the sample; `./push` is a file.
    ///
    /// - Parameters:
    ///   - word: an event type or a path.
    ///   - eventType: what `--event` says.
    ///   - isFile: whether there is a file at a path.
    /// - Throws: `.usage` or `.notFound`, saying what would do.
    init(
        _ word: String,
        eventType: String?,
        isFile: (String) -> Bool = SendSubject.isFile
    ) throws(Failure) {
        if SamplePayload.eventTypes.contains(word) {
            guard eventType == nil else {
                throw Failure(.usage, "--event is for files: '\(word)' is an event by itself")
            }
            self = .sample(word)
        } else if isFile(word) {
            self = try Self.file(word, eventType: eventType)
        } else if word.contains("/") || word.contains(".") {
            throw Failure(.notFound, "there is no file \(word)")
        } else {
            throw Failure(
                .usage,
                "there is no sample of '\(word)', and no such file",
                hint: "Samples: \(SamplePayload.eventTypes.joined(separator: ", "))."
            )
        }
    }

    private static func file(_ file: String, eventType: String?) throws(Failure) -> SendSubject {
        if file.lowercased().hasSuffix(".http") {
            guard eventType == nil else {
                throw Failure(.usage, "--event is for JSON files: \(file) has its own")
            }
            return .recording(file: file)
        }
        guard let eventType, !eventType.isEmpty else {
            throw Failure(
                .usage,
                "which event is \(file)?",
                hint: "Say so with --event TYPE, such as push or issue_comment."
            )
        }
        return .payload(file: file, eventType: eventType)
    }

    private static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        return exists && !isFolder.boolValue
    }
}
