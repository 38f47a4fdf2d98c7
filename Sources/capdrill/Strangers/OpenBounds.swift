/// A bound that the service is known to pass today.
struct OpenBound: Sendable {
    let reason: String
    /// How far it is passed, as a share of the bound: beyond this the drill fails.
    let most: Double
    /// Passed now and then, as it falls.
    var mayHold = false
}

/// The bounds that are known to be passed, by the names of attack and bound.
///
/// One that is passed and not listed fails the drill, and so does a listed one that is passed further than ever, or clearly
/// holds: then its line goes.
enum OpenBounds {
    static let known: [String: OpenBound] = [
        "fresh-keys: edges of 300 delegations that ran out an hour ago": OpenBound(
            reason: "edges that ran out stay in the index", most: 40),
        "rooms: memory of new resources when the first ran out, against their bytes": OpenBound(
            reason: "the room of resources that ran out is not regained", most: 4),
        "quotas: records of six accounts of one owner in one space": OpenBound(
            reason: "points are counted by account alone", most: 3.5),
        "uploads: memory of 150 bodies to /xrpc/com.atproto.server.createSession": share,
        "uploads: memory of 150 bodies to /xrpc/com.atproto.space.notifyWrite": share,
        "uploads: memory of 150 bodies to /invoke": share,
        "uploads: memory of 150 bodies to /authorize": share,
        "slow-readers: memory of 40 slow readers of a page": wholeRow,
        "slow-readers: memory of 40 slow readers of the whole listing": wholeRow,
        "account-pages: cpu of a page of a long account, against a short one": wholeAccount,
        "account-pages: cpu of a page of what many strangers gave, against few": wholeAccount,
        "slow-readers: a page, half of the answers of /healthz": inlineListing,
        "slow-readers: a page, 95 of 100 answers of /healthz": inlineListing,
        "slow-readers: a page, 95 of 100 writes of a bystander": inlineListing,
        "slow-readers: the whole listing, half of the answers of /healthz": inlineListing,
        "slow-readers: the whole listing, 95 of 100 answers of /healthz": inlineListing,
        "slow-readers: the whole listing, 95 of 100 writes of a bystander": inlineListing,
    ]

    private static let share = OpenBound(
        reason: "the long bodies of one network may have 16 MiB, beside what each connection takes", most: 1.7,
        mayHold: true)
    private static let wholeRow = OpenBound(
        reason: "a piece and a row are made before the first byte is sent", most: 2, mayHold: true)
    private static let wholeAccount = OpenBound(
        reason: "all rows of an account are looked at for each page", most: 4, mayHold: true)
    private static let inlineListing = OpenBound(
        reason: "listings are made on the threads that serve connections", most: 12, mayHold: true)

    /// Below this share of its bound a listed one is no noise any more.
    static let clearlyHeld = 0.6
}
