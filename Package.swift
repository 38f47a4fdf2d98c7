// swift-tools-version: 6.2

import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "CapabilityGraph",
    products: [
        .executable(name: "capservice", targets: ["CapService"]),
        .executable(name: "capq", targets: ["capq"]),
        .executable(name: "capbench", targets: ["capbench"]),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSecp256k1", pkgConfig: "libsecp256k1", providers: [.apt(["libsecp256k1-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        .target(name: "Threading", swiftSettings: strict),
        .target(name: "Curl", dependencies: ["CCurl"], swiftSettings: strict),
        .target(name: "CBLAKE3Lanes"),
        .target(name: "Multiformats", dependencies: ["CBLAKE3Lanes"], swiftSettings: strict),
        .target(name: "UCAN", dependencies: ["Multiformats", "COpenSSL", "CSecp256k1"], swiftSettings: strict),
        .target(name: "ATSyntax", dependencies: ["Multiformats", "UCAN"], swiftSettings: strict),
        .target(
            name: "ATProto",
            dependencies: ["ATSyntax", "Multiformats", "UCAN", "COpenSSL"],
            swiftSettings: strict
        ),
        .target(name: "CapabilityGraph", dependencies: ["ATSyntax", "Multiformats", "UCAN"], swiftSettings: strict),
        .target(
            name: "Storage",
            dependencies: ["CapabilityGraph", "UCAN", "Multiformats", "Threading", "CSQLite", "CPostgres"],
            swiftSettings: strict
        ),
        .target(
            name: "Answers",
            dependencies: ["Storage", "CapabilityGraph", "UCAN", "Multiformats"],
            swiftSettings: strict
        ),
        .target(
            name: "Identity",
            dependencies: ["Storage", "ATProto", "CapabilityGraph", "UCAN", "Multiformats", "Curl", "COpenSSL"],
            swiftSettings: strict
        ),
        .target(
            name: "Spaces",
            dependencies: ["Answers", "Identity", "Storage", "ATProto", "CapabilityGraph", "UCAN", "Multiformats"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "CapService",
            dependencies: [
                "Spaces", "Answers", "Identity", "Storage", "ATProto", "CapabilityGraph", "UCAN", "Multiformats",
                "Threading", "CMicroHTTPD",
            ],
            swiftSettings: strict
        ),
        .target(name: "CapClient", dependencies: ["UCAN", "Multiformats", "Curl"], swiftSettings: strict),
        .executableTarget(
            name: "capq",
            dependencies: ["CapClient", "Answers", "Storage", "ATProto", "CapabilityGraph", "UCAN", "Multiformats"],
            swiftSettings: strict
        ),
        .target(name: "CAllocationCount"),
        .executableTarget(
            name: "capbench",
            dependencies: [
                "Spaces", "Answers", "Storage", "ATProto", "CapabilityGraph", "UCAN", "Multiformats",
                "CAllocationCount",
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "capdrill",
            dependencies: ["CapClient", "ATProto", "UCAN", "Multiformats", "Threading"],
            swiftSettings: strict
        ),

        .target(
            name: "CapTesting",
            dependencies: ["Storage", "ATProto", "CapabilityGraph", "UCAN", "Multiformats", "Threading"],
            path: "Tests/CapTesting",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "LogDrill",
            dependencies: ["Storage", "CapTesting"],
            path: "Tests/LogDrill",
            swiftSettings: strict
        ),
        .testTarget(name: "MultiformatsTests", dependencies: ["Multiformats", "CapTesting"], swiftSettings: strict),
        .testTarget(name: "UCANTests", dependencies: ["UCAN", "CapTesting"], swiftSettings: strict),
        .testTarget(
            name: "CapabilityGraphTests",
            dependencies: ["CapabilityGraph", "CapTesting"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Storage", "CapabilityGraph", "UCAN", "Multiformats", "Threading", "CSQLite", "CapTesting", "LogDrill",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ATProtoTests",
            dependencies: ["ATProto", "UCAN", "Multiformats", "CapTesting"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "IdentityTests",
            dependencies: [
                "Identity", "Curl", "CCurl", "Storage", "ATProto", "UCAN", "Multiformats", "CapTesting",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SpacesTests",
            dependencies: [
                "Spaces", "Answers", "Identity", "Storage", "ATProto", "CapabilityGraph", "UCAN", "Multiformats",
                "CapTesting",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CapServiceTests",
            dependencies: [
                "CapService", "CapClient", "Spaces", "Identity", "Storage", "ATProto", "CapabilityGraph", "UCAN",
                "Multiformats", "CapTesting",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CLITests",
            dependencies: [
                "capq", "CapClient", "ATProto", "CapabilityGraph", "UCAN", "Multiformats", "CapTesting",
            ],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
