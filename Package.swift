// swift-tools-version: 6.1
// Targets are listed in the direction of the flow: what crosses the socket, the pure core, operations, the outside
// worlds, and last the programs that introduce them to one another. An arrow that is not here does not compile
// (`--explicit-target-dependency-import-check error`).
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

/// One module for each outside world; none of them knows another, but for what they share: the HTTP client, people's files,
/// and the queue that actors run on who block.
func effect(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    module(name, ["TussilagoCore"] + dependencies, path: "Sources/Effects/\(name)")
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let package = Package(
    name: "tussilago",
    products: [
        .executable(name: "tussilago", targets: ["tussilago"]),
        .executable(name: "tussilagod", targets: ["tussilagod"]),
        .executable(name: "tussilago-instance", targets: ["tussilago-instance"]),
        .executable(name: "tussilago-egress", targets: ["tussilago-egress"]),
        .executable(name: "tussilago-open", targets: ["tussilago-open"]),
        .executable(name: "tussilago-runsc", targets: ["tussilago-runsc"]),
    ],
    dependencies: [
        // Without its traits Hummingbird leaves the full Foundation out: 45 MB and 7 ms of start-up less.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "3.12.3"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // What crosses the socket.
        module("TussilagoAPI", ["TussilagoCore"]),

        // The pure core.
        module("TussilagoCore"),

        // Request → operation → plan → effects.
        module(
            "TussilagoServer",
            [
                "TussilagoAPI", "TussilagoCore", "CShims",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        module(
            "TussilagoOperations", ["TussilagoAPI", "TussilagoCore", .product(name: "Logging", package: "swift-log")]),

        // The outside worlds.
        effect(
            "UnitFiles",
            [
                "CShims",
                "PeoplesFiles", "Queues", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ]),
        effect("PeoplesFiles", ["CShims"]),
        effect("SystemdBus", ["CSystemd", "CShims"]),
        effect("Journal", ["CSystemd", "CShims", "Queues", .product(name: "Logging", package: "swift-log")]),
        effect("SQLiteLedger", ["CSQLite", "Queues", .product(name: "Crypto", package: "swift-crypto")]),
        effect("UnixHTTP", ["CCurl"]),
        effect("CaddyAdmin", ["UnixHTTP", "CShims"]),
        effect("PodmanImages", ["UnixHTTP"]),
        effect("Nftables"),
        effect("Resolver", ["CShims", "Queues"]),
        effect("PostgreSQL", ["CPostgres", "Queues"]),
        effect("Documents"),
        module("Queues", path: "Sources/Effects/Queues"),

        // One door for each C library.
        .systemLibrary(
            name: "CSystemd", path: "Sources/CModules/CSystemd", pkgConfig: "libsystemd",
            providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(
            name: "CSQLite", path: "Sources/CModules/CSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "CCurl", path: "Sources/CModules/CCurl"),
        .target(name: "CPostgres", path: "Sources/CModules/CPostgres"),
        .target(name: "CShims", path: "Sources/CModules/CShims"),

        // The programs.
        program(
            "tussilago",
            [
                "TussilagoAPI", "TussilagoCore", "Documents", "UnixHTTP",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ]),
        program(
            "tussilagod",
            [
                "TussilagoAPI", "TussilagoCore", "TussilagoOperations", "TussilagoServer", "UnitFiles", "PeoplesFiles",
                "SystemdBus", "Journal",
                "SQLiteLedger", "CaddyAdmin", "Nftables", "PodmanImages", "PostgreSQL", "Resolver", "Documents",
                "CSystemd", "CShims",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        program("tussilago-instance", ["CShims", "CSystemd"]),
        program("tussilago-egress", ["TussilagoCore", "Resolver", "CSystemd"]),
        program("tussilago-open", ["PeoplesFiles"]),
        program("tussilago-runsc", []),

        // Tests: the pure ones need no server, no library and no host.
        tests("SystemdBusTests", ["SystemdBus", "TussilagoCore"]),
        tests("JournalTests", ["Journal", "TussilagoCore", .product(name: "Logging", package: "swift-log")]),
        module("UnixHTTPTestKit", ["CShims"]),
        tests("CaddyAdminTests", ["CaddyAdmin", "UnixHTTP", "UnixHTTPTestKit", "TussilagoCore"]),
        tests("PodmanImagesTests", ["PodmanImages", "UnixHTTPTestKit", "TussilagoCore"]),
        tests("SQLiteLedgerTests", ["SQLiteLedger", "TussilagoCore"]),
        tests("PostgreSQLTests", ["PostgreSQL", "TussilagoCore"]),
        tests("NftablesTests", ["Nftables", "TussilagoCore"]),
        tests("PeoplesFilesTests", ["PeoplesFiles", "TussilagoCore", "CShims"]),
        tests("ResolverTests", ["Resolver", "TussilagoCore"]),
        tests("EgressProxyTests", ["tussilago-egress"]),
        tests("UnitFilesTests", ["UnitFiles", "TussilagoCore", .product(name: "Crypto", package: "swift-crypto")]),
        tests("DocumentsTests", ["Documents", "TussilagoCore"]),
        tests(
            "TussilagoServerTests",
            [
                "TussilagoServer", "TussilagoAPI", "TussilagoCore", "TussilagoTestKit", "CShims",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        tests(
            "TussilagoOperationsTests",
            [
                "TussilagoOperations", "TussilagoCore", "TussilagoTestKit", "SQLiteLedger", "UnitFiles",
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests(
            "FuzzTests",
            [
                "TussilagoAPI", "TussilagoCore", "TussilagoServer", "TussilagoTestKit", "CaddyAdmin", "CSystemd",
                "Documents", "SystemdBus", "UnitFiles", .product(name: "Subprocess", package: "swift-subprocess"),
            ]),
        module("TussilagoTestKit", ["TussilagoCore"]),
        tests("TussilagoCoreTests", ["TussilagoCore", "TussilagoTestKit"]),
    ],
    swiftLanguageModes: [.v6]
)
