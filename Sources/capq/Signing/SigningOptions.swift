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
