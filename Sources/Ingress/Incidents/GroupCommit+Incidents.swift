import Logging
import NIOCore
import QueueCore
import Synchronization
import Telemetry

/// What the store is told besides deliveries.
extension GroupCommit {
    // MARK: The event loop's side

    /// Notes an incident, to be written between commits.
    ///
    /// Once in a while all together: a flood of refused requests must not become a flood of writes.
    func note(_ incident: Incident) {
        scheduleRecording(
            state.withLock { state in
                state.incidents.add(incident)
                return state.recordingToSchedule()
            }
        )
    }

    /// Wakes the store's thread when what was noted may be written.
    func scheduleRecording(_ due: NIODeadline?) {
        guard let due else { return }
        if due <= .now() {
            newWork.yield()
        } else {
            eventLoop.scheduleTask(deadline: due) { [newWork] in _ = newWork.yield() }
        }
    }

    // MARK: The store's side

    /// Writes what was noted, if it is time.
    ///
    /// - Throws: a disk error. What was not written is kept, whatever went wrong.
    func recordIncidents(_ store: SQLiteStore) async throws(StoreError) {
        takeLeft()
        let now = NIODeadline.now()
        let contents = state.withLock { state -> IncidentBuffer.Contents in
            // The last ones are written whenever they came.
            guard now >= state.nextRecording || state.isFinished, !state.incidents.isEmpty else {
                return IncidentBuffer.Contents()
            }
            state.nextRecording = now + IngressLimits.incidentInterval
            state.isRecordingScheduled = false
            return state.incidents.beginWriting()
        }
        guard !contents.isEmpty else { return }
        do throws(StoreError) {
            try await store.record(contents.incidents, recovered: contents.recovered)
        } catch {
            scheduleRecording(
                state.withLock { state in
                    state.incidents.notWritten()
                    return state.recordingToSchedule()
                }
            )
            recordingTroubles.log(.warning, "incidents wait for the store") {
                ["error": "\(error)", "incidents": "\(contents.incidents.count)"]
            }
            guard case .inputOutput = error else { return }
            try await outlive(error)
            return
        }
        state.withLock { $0.incidents.written() }
        logRecorded(contents.incidents)
        forgetLeft()
    }

    private func logRecorded(_ incidents: [Incident]) {
        let lost = incidents.filter { $0.kind == .deliveryLost }
        guard !lost.isEmpty else { return }
        logger.warning(
            "the store works: deliveries that were answered 503 are recorded as incidents",
            metadata: ["deliveries": "\(lost.reduce(0) { $0 + $1.count })"]
        )
    }

    /// What the process before this one could not write.
    private func takeLeft() {
        let isFirst = state.withLock { state in
            defer { state.left = state.left == .unread ? .taken : state.left }
            return state.left == .unread
        }
        guard isFirst else { return }
        let left = LeftIncidents(store: opening.path).read()
        state.withLock { state in
            for incident in left { state.incidents.add(incident) }
            if left.isEmpty { state.left = .nothing }
        }
    }

    /// All that was taken is in the store now.
    private func forgetLeft() {
        let isTaken = state.withLock { state in
            defer { state.left = .nothing }
            return state.left == .taken
        }
        if isTaken { LeftIncidents(store: opening.path).remove() }
    }

    /// At the end of the process: what is not written goes to the log, and beside the store.
    func leaveIncidents() {
        let (incidents, left) = state.withLock { state in
            (state.incidents.takeAll(), state.left)
        }
        for incident in incidents {
            logger.warning(
                "incident not recorded",
                metadata: [
                    "incident": "\(incident.kind.rawValue)", "source": "\(incident.source)",
                    "subject": "\(incident.subject)", "count": "\(incident.count)",
                    "detail": "\(incident.detail)",
                ]
            )
        }
        let file = LeftIncidents(store: opening.path)
        do {
            // Those that were left before are among these.
            try file.keep(incidents, replacing: left == .taken)
        } catch {
            logger.warning(
                "incidents are in this log alone: they could not be kept beside the store either",
                metadata: ["file": "\(file.path)", "incidents": "\(incidents.count)"]
            )
        }
    }
}

extension GroupCommit.State {
    /// When what was noted may be written; nil when somebody waits for that already.
    fileprivate mutating func recordingToSchedule() -> NIODeadline? {
        guard !isRecordingScheduled else { return nil }
        isRecordingScheduled = true
        return nextRecording
    }

    /// Notes a delivery that was proved to come from its source.
    ///
    /// - Returns: when to write that, if it has to be.
    mutating func noteGood(_ delivery: Delivery) -> NIODeadline? {
        guard delivery.verifiedBy != nil, incidents.noteGood(delivery.source) else { return nil }
        return recordingToSchedule()
    }
}
