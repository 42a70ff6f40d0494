import Foundation

/// Runs a test in a folder of its own, removed afterwards.
package func withTemporaryFolder<Value>(
    _ body: (String) async throws -> Value
) async throws -> Value {
    let folder = NSTemporaryDirectory() + "samovar-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }  // the system clears /tmp anyway
    return try await body(folder)
}
