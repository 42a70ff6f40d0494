import Settings
import Testing

@testable import Worker

@Suite
struct TrustCacheTests {
    private static let start = ContinuousClock.now
    private static let key = TrustCache.Key(user: 5, repository: 17)

    @Test
    func `an answer counts for its time, for its user and repository`() {
        let cache = TrustCache()
        cache.keep(Self.key, .reader, permission: "permission read", now: Self.start)
        func answer(_ key: TrustCache.Key, after time: Duration) -> TrustLevel? {
            cache.answer(key, notOlderThan: .seconds(60), now: Self.start + time)?.level
        }
        #expect(answer(Self.key, after: .seconds(59)) == .reader)
        #expect(answer(TrustCache.Key(user: 17, repository: 5), after: .zero) == nil)
        #expect(answer(TrustCache.Key(user: 5, repository: 18), after: .zero) == nil)
        #expect(answer(Self.key, after: .seconds(60)) == nil)
        #expect(cache.count == 0)
    }

    @Test
    func `without a time nothing counts`() {
        let cache = TrustCache()
        cache.keep(Self.key, .reader, permission: "", now: Self.start)
        #expect(cache.answer(Self.key, notOlderThan: .zero, now: Self.start) == nil)
    }

    @Test
    func `there are never too many, and the newest stay`() {
        let cache = TrustCache(entriesMost: 10)
        for user in 1...1000 {
            let key = TrustCache.Key(user: Int64(user), repository: 17)
            cache.keep(key, .reader, permission: "", now: Self.start + .seconds(user))
            #expect(cache.count <= 10)
        }
        let last = TrustCache.Key(user: 1000, repository: 17)
        let now = Self.start + .seconds(1000)
        #expect(cache.answer(last, notOlderThan: .seconds(60), now: now)?.level == .reader)
    }

    @Test
    func `a newer answer takes the place of the older`() {
        let cache = TrustCache()
        cache.keep(Self.key, .contributor, permission: "", now: Self.start)
        cache.keep(Self.key, .readonly, permission: "", now: Self.start)
        #expect(
            cache.answer(Self.key, notOlderThan: .seconds(60), now: Self.start)?.level == .readonly
        )
        #expect(cache.count == 1)
    }
}
