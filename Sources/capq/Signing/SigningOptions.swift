import UCAN

/// Lists options shared by the commands that sign something.
enum SigningOptions {
    static let space = Option("space", short: "s", "ID", "space; that of the session or context by default")
    static let proof = Option(
        "proof", "CID", "delegation to rest on in place of the session", repeats: true)
    static let at = Option("at", "TIME", "moment to judge at, as in 2026-07-10T12:00:00Z; now by default")
    static let ability = Option("ability", short: "a", "ABILITY", "ability, as in tinycloud.kv/get", repeats: true)
    static let path = Option(
        "path", short: "p", "PATH", "resource, or service and path in the space, as in kv/notes/", repeats: true)
    static let lasting = Option("for", "TIME", "how long it lasts, as in 90s, 15m, 12h, 7d", kind: .duration)
}

/// Turns abilities and paths typed on the command line into capabilities.
enum CapabilityList {
    /// Abilities a session gets unless told otherwise: data, reading who holds what, and ending it again.
    static let session: [(path: String, abilities: [String])] = [
        (
            "kv",
            ["tinycloud.kv/del", "tinycloud.kv/get", "tinycloud.kv/list", "tinycloud.kv/metadata", "tinycloud.kv/put"]
        ),
        ("capabilities", ["tinycloud.capabilities/read"]),
        ("delegation", ["tinycloud.delegation/list", "tinycloud.delegation/revoke", "tinycloud.delegation/status"]),
    ]

    static func ofSession(_ space: String) throws(UCANError) -> [TokenCapability] {
        var result: [TokenCapability] = []
        for (path, abilities) in session {
            for ability in abilities {
                result.append(try TokenCapability(resource: "\(space)/\(path)", ability: ability))
            }
        }
        return result
    }

    /// Joins every ability with every resource.
    static func every(_ abilities: [String], on resources: [String]) throws(UCANError) -> [TokenCapability] {
        var result: [TokenCapability] = []
        for resource in resources {
            for ability in abilities { result.append(try TokenCapability(resource: resource, ability: ability)) }
        }
        return result
    }
}
