import Foundation
import TestSupport
import Testing

@Suite
struct LaneTests {
    @Test
    func `pushes of one ref run one after the other, in order`() async throws {
        let lane = SiteSettings.Handler(
            name: "deploy",
            command: ["deploy"],
            options: ["concurrency: 8"],
            route: ["lane: ref"]
        )
        try await Site.with(SiteSettings(handlers: [lane])) { site in
            try site.script(
                "deploy",
                """
                echo "begin $SAMOVAR_JOB" >> noted
                while [ ! -e go ]; do sleep 0.01; done
                echo "end $SAMOVAR_JOB" >> noted
                """
            )
            let ingress = try site.startIngress()
            try site.startWorker()
            for _ in 1...3 { try ingress.accept(Request()) }
            try waitUntil("the first to begin, the others to wait for it") {
                try site.lines("noted") == ["begin 1"]
                    && site.reader.texts("SELECT state || blocked FROM job ORDER BY id")
                        == ["leased0", "ready1", "ready1"]
            }
            try site.write("", to: "go")
            try site.awaitQuiet()
            #expect(
                site.lines("noted") == ["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"]
            )
        }
    }

    @Test
    func `a job that waits for its retry holds its lane`() async throws {
        let lane = SiteSettings.Handler(
            name: "deploy",
            command: ["deploy"],
            options: ["retry: { base: 100ms }"],
            route: ["lane: repository"]
        )
        try await Site.with(SiteSettings(handlers: [lane])) { site in
            try site.script(
                "deploy",
                """
                echo $SAMOVAR_TOKEN >> noted
                [ $SAMOVAR_TOKEN != 1.1 ]
                """
            )
            let ingress = try site.startIngress()
            for ref in ["main", "other"] {
                try ingress.accept(Request(body: Request.push(ref: "refs/heads/\(ref)")))
            }
            try site.startWorker()
            try site.awaitQuiet()
            #expect(site.lines("noted") == ["1.1", "1.2", "2.1"], site.attempts)
        }
    }

    @Test
    func `other lanes run at the same time`() async throws {
        let lane = SiteSettings.Handler(
            name: "deploy",
            command: ["deploy"],
            route: ["lane: ref"]
        )
        try await Site.with(SiteSettings(handlers: [lane])) { site in
            // Each waits until all three have begun.
            try site.script(
                "deploy",
                """
                touch began-$SAMOVAR_JOB
                while [ ! -e began-1 ] || [ ! -e began-2 ] || [ ! -e began-3 ]; do sleep 0.01; done
                """
            )
            let ingress = try site.startIngress()
            try site.startWorker()
            for (ref, repository) in [("main", 1), ("other", 1), ("main", 2)] {
                let body = Request.push(ref: "refs/heads/\(ref)", repository: repository)
                try ingress.accept(Request(body: body))
            }
            try site.awaitQuiet()
            #expect(
                try site.reader.texts("SELECT state || attempt FROM job")
                    == ["done1", "done1", "done1"]
            )
        }
    }

    @Test
    func `a handler with concurrency 1 never runs twice at once, over two workers`() async throws {
        let alone = SiteSettings.Handler(
            name: "alone",
            command: ["alone"],
            options: ["concurrency: 1", "retry: { base: 10ms }"]
        )
        try await Site.with(SiteSettings(handlers: [alone])) { site in
            try site.script(
                "alone",
                """
                flock -n held sleep 0.01 || echo $SAMOVAR_TOKEN >> collided
                """
            )
            let ingress = try site.startIngress()
            try site.startWorker()
            try site.startWorker()
            for repository in 1...40 {
                try ingress.accept(Request(body: Request.push(repository: repository)))
            }
            try site.awaitQuiet()
            #expect(site.lines("collided") == [])
            #expect(
                try site.reader.number("SELECT count(*) FROM job WHERE state = 'done'") == 40
            )
        }
    }
}
