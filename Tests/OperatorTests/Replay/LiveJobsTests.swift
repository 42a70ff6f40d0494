import Testing

@testable import Operator

@Suite
struct LiveJobsTests {
    @Test
    func `what a replay leaves alone is said, and nothing where there is none`() {
        #expect(LiveJobs(count: 0, isPart: true).note == nil)
        #expect(
            LiveJobs(count: 1, isPart: false).note
                == "1 job of these deliveries is live: left alone, and their routes make no "
                + "second one beside them"
        )
        #expect(
            LiveJobs(count: 3, isPart: true).note
                == "3 jobs of the first 1000 of these deliveries are live: left alone, and their "
                + "routes make no second one beside them"
        )
    }
}
