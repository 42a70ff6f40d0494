// swift-tools-version: 6.2

import PackageDescription

/// The same strict settings for every target, tests included.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let asyncHTTPClient = Target.Dependency.product(
    name: "AsyncHTTPClient",
    package: "async-http-client"
)
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioFoundation = Target.Dependency.product(
    name: "NIOFoundationCompat",
    package: "swift-nio"
)
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let unixSignals = Target.Dependency.product(
    name: "UnixSignals",
    package: "swift-service-lifecycle"
)
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "samovar",
    products: [
        .executable(name: "samovar-ingress", targets: ["Ingress"]),
        .executable(name: "samovar-worker", targets: ["Worker"]),
        .executable(name: "samovar", targets: ["Operator"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .target(
            name: "Migrations",
            path: "migrations",
            resources: [
                .embedInCode("0001_create_queue.sql"),
                .embedInCode("0002_pause_prune_and_replay_in_batches.sql"),
                .embedInCode("0003_pause_lanes_and_show_mistakes.sql"),
                .embedInCode("0004_refuse_numbers_out_of_range.sql"),
                .embedInCode("0005_run_suspects_alone.sql"),
                .embedInCode("0006_replay_one_route.sql"),
                .embedInCode("0007_age_by_passed_time_and_free_lanes.sql"),
                .embedInCode("0008_resolve_incidents.sql"),
                .embedInCode("0009_discard_dead_jobs.sql"),
            ],
            swiftSettings: strict
        ),
        .target(name: "CSQLite"),
        .target(
            name: "QueueCore",
            dependencies: [
                "CSQLite", "Migrations", "StateFolder", "Telemetry", grdb, grdbSQLite, logging,
            ],
            swiftSettings: strict
        ),
        .target(name: "Gitea", dependencies: ["COpenSSL"], swiftSettings: strict),
        .target(name: "Doorbell", dependencies: ["StateFolder"], swiftSettings: strict),
        .target(name: "StateFolder", swiftSettings: strict),
        .target(name: "Telemetry", dependencies: [logging], swiftSettings: strict),
        .target(
            name: "Health",
            dependencies: ["QueueCore", "Telemetry", logging, nioCore, nioHTTP1, nioPosix],
            swiftSettings: strict
        ),
        .target(name: "CSpawn"),
        .target(name: "Spawn", dependencies: ["CSpawn"], swiftSettings: strict),
        .target(
            name: "Program",
            dependencies: [
                "QueueCore", "Settings", "Telemetry", argumentParser, logging, unixSignals,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Routing",
            dependencies: ["QueueCore", "Gitea", "Settings"],
            swiftSettings: strict
        ),
        .target(
            name: "GiteaClient",
            dependencies: ["Settings", asyncHTTPClient, logging, nioCore, nioHTTP1],
            swiftSettings: strict
        ),
        .target(name: "Settings", dependencies: [nioCore, nioSSL, yams], swiftSettings: strict),
        .executableTarget(
            name: "Ingress",
            dependencies: [
                "Gitea", "QueueCore", "Settings",
                "Doorbell", "Health", "Program", "StateFolder", "Telemetry", argumentParser, deque,
                logging, nioCore, nioFoundation,
                nioHTTP1,
                nioPosix, nioSSL,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "Worker",
            dependencies: [
                "Gitea", "GiteaClient", "QueueCore", "Routing", "Settings",
                "CMalloc", "Doorbell", "Health", "Program", "Spawn", "StateFolder", "Telemetry",
                argumentParser,
                asyncHTTPClient, logging, mustache, nioCore, nioHTTP1, nioSSL,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "Operator",
            dependencies: [
                "Gitea", "GiteaClient", "QueueCore", "Routing", "Settings",
                "Doorbell", "Program", "Spawn", argumentParser, asyncHTTPClient, logging, nioCore,
                nioHTTP1, nioPosix, nioSSL,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "EngineBenchmark",
            dependencies: [
                "Gitea", "QueueCore", "Routing", "Settings", argumentParser, grdb, grdbSQLite,
                logging,
            ],
            path: "Benchmarks/Engine",
            swiftSettings: strict
        ),
        .testTarget(
            name: "TelemetryTests",
            dependencies: ["Telemetry", "TestSupport", logging],
            swiftSettings: strict
        ),
        .testTarget(name: "GiteaTests", dependencies: ["Gitea"], swiftSettings: strict),
        .testTarget(
            name: "GiteaClientTests",
            dependencies: ["GiteaClient", "Settings", "TestSupport", logging],
            swiftSettings: strict
        ),
        .testTarget(name: "SettingsTests", dependencies: ["Settings"], swiftSettings: strict),
        .testTarget(
            name: "OperatorTests",
            dependencies: [
                "Gitea", "GiteaClient", "Operator", "Program", "QueueCore", "Routing", "Settings",
                "Spawn", "TestSupport", argumentParser,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "QueueCoreTests",
            dependencies: ["QueueCore", "TestSupport", "Migrations", grdb, grdbSQLite, logging],
            exclude: ["schema.sql"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RoutingTests",
            dependencies: ["Gitea", "QueueCore", "Routing", "Settings"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "Gitea", "GiteaClient", "QueueCore", "Settings", "Spawn", "Telemetry",
                "TestSupport", "Worker", asyncHTTPClient, logging, nioCore, nioHTTP1, nioPosix,
                nioSSL,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DoorbellTests",
            dependencies: ["Doorbell", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SystemTests",
            // The executables so that they are built: these tests start them.
            dependencies: [
                "Ingress", "Worker", "Operator",
                "Doorbell", "Fuzzing", "Gitea", "Health", "QueueCore", "Routing", "Settings",
                "Spawn",
                "TestSupport", grdb, logging, nioCore, nioEmbedded, nioHTTP1,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ProgramTests",
            dependencies: ["Program", "Settings", "Spawn", "Telemetry", "TestSupport", logging],
            swiftSettings: strict
        ),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["Fuzzing", "TestSupport"],
            swiftSettings: strict
        ),
        // Of its own, so that `make soak` builds it alone and optimised.
        .executableTarget(
            name: "FuzzRun",
            dependencies: ["Fuzzing", "TestSupport"],
            path: "Tests/FuzzRun",
            swiftSettings: strict
        ),
        .target(
            name: "Fuzzing",
            dependencies: ["Gitea", "TestSupport"],
            path: "Tests/Fuzzing",
            swiftSettings: strict
        ),
        .target(
            name: "TestSupport",
            dependencies: ["QueueCore", grdb, grdbSQLite, logging],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
