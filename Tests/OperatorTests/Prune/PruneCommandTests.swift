import QueueCore
import Testing

@testable import Operator

@Suite
struct PruneCommandTests {
    private static let pruned = Pruned(bodies: 1, jobs: 2, deliveries: 0, pages: 256)

    @Test
    func `people read what went, or would go`() {
        #expect(
            PruneCommand.text(Self.pruned, dryRun: false)
                == "pruned 1 body, 2 jobs, 0 deliveries; gave 1.0 MiB back to the disk\n"
        )
        #expect(
            PruneCommand.text(Pruned(bodies: 3), dryRun: true)
                == "would prune 3 bodies, 0 jobs, 0 deliveries\n"
        )
    }

    @Test
    func `programs read one object`() {
        #expect(
            PruneCommand.json(Self.pruned, dryRun: false).compact
                == #"{"dry_run":false,"bodies":1,"jobs":2,"deliveries":0,"pages":256}"#
        )
    }
}
