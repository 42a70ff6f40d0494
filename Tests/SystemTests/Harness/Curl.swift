import Foundation

extension Site {
    /// Sends a delivery with curl, which prints the answer's body, or what went wrong.
    ///
    /// - Parameters:
    ///   - options: more of curl's.
    ///   - request: what to send.
    ///   - base: scheme, host and port.
    /// - Returns: curl; it exits with 0 whatever the status of the answer is.
    /// - Throws: what keeps it from being started.
    func curl(_ options: [String], _ request: Request, _ base: String) throws -> RunningProgram {
        let name = "body-\(Request.freshID())"
        try write(String(decoding: request.body, as: UTF8.self), to: name)
        let headers = request.headers.flatMap { ["--header", "\($0.name): \($0.value)"] }
        return try run(
            ["/usr/bin/curl", "--silent", "--show-error", "--max-time", "60"] + options + headers
                + ["--data-binary", "@\(name)", base + request.target]
        )
    }
}
