import QueueCore

/// The processes of attempts that outlived their worker: one search for all of them.
///
/// What cannot be seen from here is not found: processes in a PID namespace that is not a
/// descendant of this one, or of another user where /proc hides those (hidepid). And not who left
/// the session, lost its parent and has emptied its environment, all three.
struct OrphanedProcesses: Sendable {
    private let attempts: Set<AttemptToken>
    private let marks: HandlerMarks?
    private let stateFolder: String

    /// - Parameters:
    ///   - attempts: those whose workers are dead.
    ///   - storeID: the store's UUID, which copies of it have too.
    ///   - storePath: its file, which tells it from them.
    ///   - stateFolder: where the notes of sessions are.
    init(attempts: [AttemptToken], storeID: String, storePath: String, stateFolder: String) {
        self.attempts = Set(attempts)
        marks = StoreFileMark(storePath).map { HandlerMarks(storeID: storeID, storeFile: $0) }
        self.stateFolder = stateFolder
    }

    /// Kills them and waits until each has really ended.
    ///
    /// - Parameter patience: one for all; who asks tries again.
    /// - Returns: the attempts of which something is still there after that time: a disk that
    ///   hangs, or a process that changed its user; of a store whose file is gone, all.
    func killAll(within patience: Duration = .seconds(5)) async -> OrphanSweep {
        guard !attempts.isEmpty else { return OrphanSweep(remaining: [], killed: []) }
        guard let marks else { return OrphanSweep(remaining: attempts, killed: []) }
        let traces = traces
        let notes = traces.compactMap { SessionNote(of: $0) }
        var hunt = ProcessHunt(attempts, notes: notes, marks: marks)
        let deadline = ContinuousClock.now + patience
        var remaining = hunt.look()
        while !remaining.isEmpty, ContinuousClock.now < deadline {
            // A process needs a moment to go, or to begin; cancellation only makes the looks
            // quicker.
            try? await Task.sleep(for: Self.pause)
            remaining = hunt.look()
        }
        for trace in traces where !remaining.contains(trace.token) { trace.removeNote() }
        return OrphanSweep(remaining: remaining, killed: hunt.killed)
    }

    private var traces: [AttemptTrace] {
        guard let marks else { return [] }
        return attempts.map { token in
            AttemptTrace(token: token, marks: marks, stateFolder: stateFolder)
        }
    }

    private static let pause = Duration.milliseconds(5)
}

/// What came of killing orphaned processes.
struct OrphanSweep: Sendable {
    /// The attempts of which something is still there: their jobs must wait.
    let remaining: Set<AttemptToken>
    let killed: [KilledProcess]
}
