import Foundation

/// Runs a test in a folder of its own, removed afterwards.
///
/// - Parameters:
///   - inMemory: true for tests that commit very often, and are not about what reaches a disk.
///   - body: is given the folder.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws.
package func withTemporaryFolder<Value>(
    inMemory: Bool = false,
    _ body: (String) async throws -> Value
) async throws -> Value {
    let memory = "/dev/shm/"
    let isThere = inMemory && FileManager.default.isWritableFile(atPath: memory)
    let folder = (isThere ? memory : NSTemporaryDirectory()) + "samovar-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }  // the system clears /tmp anyway
    return try await body(folder)
}
