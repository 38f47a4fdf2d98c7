/// The bounds that the service is known to pass today.
///
/// A bound that is passed and not listed fails the drill, and so does a listed one that clearly holds: then its line goes.
enum OpenBounds {
    /// By the names of attack and bound, why it is open.
    static let reasons: [String: String] = [
        "slow-readers: slow readers of a page still served after 40 s": fixedRate,
        "slow-readers: slow readers of the whole listing still served after 40 s": fixedRate,
        "uploads: memory of 150 bodies to /xrpc/com.atproto.server.createSession": unspooled,
        "uploads: memory of 150 bodies to /xrpc/com.atproto.space.notifyWrite": unspooled,
        "uploads: memory of 150 bodies to /invoke": unspooled,
        "uploads: memory of 150 bodies to /authorize": unspooled,
        "fresh-keys: calls refused with 429 with the usual settings": "no limit of an address is set unless asked for",
        "fresh-keys: edges kept for each delegation of a space not hosted, with the usual settings":
            "there is no quota of what is kept for a space that is not hosted",
        "fresh-keys: edges of 300 delegations that ran out an hour ago": "edges that ran out stay in the index",
        "marks: marks kept for each use without a right": "a use is marked before it is authorized",
        "rooms: memory of new resources when the first ran out, against their bytes":
            "the room of resources that ran out is not regained",
        "streams: half of the writes into a space of 800 streams, against none":
            "each stream is judged anew on the thread that writes",
        "notify: services of one document that are told without having agreed":
            "a service is not asked whether it agrees",
        "notify: calls of a third party for 5 writes": "each service of a document is called on its own",
        "exports: growth of the log beside the database in 35 s":
            "an export holds one state of the database for as long as its reader takes",
        "quotas: records of six accounts of one owner in one space": "points are counted by account alone",
    ]

    private static let wholeRow = "a piece and a row are made before the first byte is sent"
    private static let fixedRate = "the rate a reader must keep does not rise with what is held"
    private static let wholeAccount = "all rows of an account are looked at for each page"
    private static let unspooled =
        "bodies up to the usual limit are held in memory, without a bound on all of them together"

    /// Bounds that are passed now and then, as it falls: these may hold.
    static let sometimes: [String: String] = [
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

    private static let inlineListing = "listings are made on the threads that serve connections"

    /// Below this share of its bound a listed one is no noise any more.
    static let clearlyHeld = 0.6
}
