import UCAN

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
