import Foundation
package import Logging
package import Settings

/// How the loggers of a program write: one line each on standard error, in the form that fits who
/// reads it, never waiting for that reader.
package struct ServiceLog: LogHandler {
    private let output: LogOutput
    private let program: String
    private var ownLevel: Logger.Level?
    package var metadata: Logger.Metadata = [:]

    /// Makes this the way all loggers of the process write.
    ///
    /// Until ``follow(_:)`` is called, the form is chosen by where standard error goes.
    package static func bootstrap(program: String) {
        let output = LogOutput.start(program: program)
        LoggingSystem.bootstrap { _ in ServiceLog(output: output, program: program) }
        // The end of the process, also by exit(3), waits a moment for the last lines.
        atexit { LogOutput.current?.flush() }
    }

    /// Takes over what the configuration says of logs.
    package static func follow(_ settings: LogSettings) {
        LogOutput.current?.follow(settings)
    }

    private init(output: LogOutput, program: String) {
        self.output = output
        self.program = program
    }

    package var logLevel: Logger.Level {
        get { ownLevel ?? output.level }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let details = event.metadata.map { metadata.merging($0) { _, new in new } } ?? metadata
        output.write { form in
            LogLine(
                level: event.level,
                program: program,
                message: event.message.description,
                metadata: details
            ).text(form)
        }
    }
}
