package import ArgumentParser
import Foundation
package import QueueCore
package import Settings

/// How Samovar's programs end, after sysexits(3) where it has a word for it.
///
/// docs/CONTRACT.md keeps the list.
package enum ExitStatus: Int32, CaseIterable, Sendable {
    case fine = 0
    case findings = 1
    case notFound = 2
    case usage = 64
    case unavailable = 69
    case `internal` = 70
    case configuration = 78

    package var code: ExitCode { ExitCode(rawValue) }

    /// Ends the process at once: nothing is closed, but what was logged is written.
    package func endProcess() -> Never {
        LogOutput.current?.flush()
        _exit(rawValue)
    }
}

/// Something that ends a program: what went wrong, and what to do next.
package struct Failure: Error {
    package var status: ExitStatus
    package var message: String
    package var hint: String?

    package init(_ status: ExitStatus, _ message: String, hint: String? = nil) {
        self.status = status
        self.message = message
        self.hint = hint
    }

    package init(_ error: StoreError) {
        switch error {
        case .refused(let reason):
            self.init(.findings, reason)
        default:
            self.init(.unavailable, error.description, hint: error.operatorHint)
        }
    }

    package init(_ error: SpoolError) {
        self.init(.unavailable, error.description, hint: error.operatorHint)
    }

    package init(_ error: ConfigurationError) {
        self.init(.configuration, error.description, hint: error.operatorHint)
    }

    /// Prints to standard error.
    ///
    /// After what was logged; as a line of the log when that is for machines.
    package func report(program: String) {
        if let log = LogOutput.current {
            if log.writeForMachines(message, hint: hint) { return }
            log.flush()
        }
        var text = ""
        for line in message.split(separator: "\n", omittingEmptySubsequences: false) {
            text += "\(program): \(String(line).showingControls())\n"
        }
        if let hint { text += "\(program): \(hint.showingControls())\n" }
        // The exit code says it too, when nobody reads this.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}

extension ParsableCommand {
    /// Runs the body and turns whatever it throws into a message and an exit code.
    package func reporting<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let exit as ExitCode {
            throw exit
        } catch {
            let failure =
                switch error {
                case let failure as Failure: failure
                case let error as StoreError: Failure(error)
                case let error as SpoolError: Failure(error)
                case let error as ConfigurationError: Failure(error)
                default: Failure(.internal, String(describing: error))
                }
            failure.report(program: Self.programName)
            throw failure.status.code
        }
    }

    private static var programName: String {
        ProgramArguments.all.first.map { String($0.split(separator: "/").last ?? "samovar") }
            ?? "samovar"
    }
}
