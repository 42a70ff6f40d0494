import Foundation
import Glibc
import Program
import QueueCore

/// A file of the command line, read whole: a regular file, a pipe, or `-` for standard input.
enum InputFile {
    /// Standard input.
    static let standardInput = "-"

    /// More than any request has: `max_body` is at most 512 MiB.
    private static let bytesMax = 513 << 20

    private static let chunkBytes = 64 << 10

    /// Reads it to its end; a FIFO is waited for.
    ///
    /// - Throws: `.notFound` or `.usage`, saying what is there instead.
    static func read(_ file: String) throws(Failure) -> Data {
        let name = VisibleText.line(file)
        if file == standardInput { return try readAll(STDIN_FILENO, "standard input") }
        let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw Failure(.notFound, "there is no file \(name)") }
            throw Failure(.notFound, "cannot read \(name): \(systemError())")
        }
        defer { close(descriptor) }
        return try readAll(descriptor, name)
    }

    private static func readAll(_ descriptor: Int32, _ name: String) throws(Failure) -> Data {
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: chunkBytes)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                if errno == EISDIR {
                    throw Failure(.usage, "\(name) is a folder: name a file in it")
                }
                throw Failure(.notFound, "cannot read \(name): \(systemError())")
            }
            if count == 0 { return data }
            data.append(contentsOf: buffer.prefix(count))
            guard data.count <= bytesMax else {
                throw Failure(.usage, "\(name) is larger than any request")
            }
        }
    }
}
