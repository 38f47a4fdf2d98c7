import CapClient
import Multiformats

/// Holds three delegations of one chain: a root that is live, a middle link that is revoked, a leaf that went with it.
enum SampleDelegations {
    static let owner = "did:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
    static let session = "did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK"
    static let agent = "did:key:z6Mkg49NtQR2LyYRDCQFK4w1VVHqhypZSSRo7HsyuN7SV7v5"
    static let helper = "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"
    static let space = "tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf:default"
    static let root = "bafkr4iglifjta4fae5ecx5jrmgrxrxhoz5luyu3o4v5b7aofqmfmzgfmay"
    static let middle = "bafkr4ie36bbhsrjielzqztlixjqtkyxld2ltfcp6no2pwuepqlmk3aq6wa"
    static let leaf = "bafkr4ieshoxynrtq42tfbm7pr5kmiv4uen27mmekvtt7t5kwyrg6wsrn4i"

    static let chain = [
        ListedDelegation(
            cid: leaf,
            kind: "ucan",
            issuer: agent,
            audience: helper,
            capabilities: [capability("kv/notes/shared/a", "tinycloud.kv/get")],
            proofs: [middle],
            expiresAt: "2026-07-11T12:00:00Z",
            status: "ancestor_revoked",
            cause: "a delegation it relies on is revoked"
        ),
        ListedDelegation(
            cid: middle,
            kind: "ucan",
            issuer: session,
            audience: agent,
            capabilities: [
                capability("kv/notes/shared/", "tinycloud.kv/get"), capability("kv/notes/shared/", "tinycloud.kv/put"),
            ],
            proofs: [root],
            notBefore: "2026-07-10T12:00:00Z",
            expiresAt: "2026-07-12T12:00:00Z",
            status: "revoked",
            cause: "revoked by did:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
        ),
        ListedDelegation(
            cid: root,
            kind: "cacao",
            issuer: owner,
            audience: session,
            capabilities: [capability("kv", "tinycloud.kv/get"), capability("kv", "tinycloud.kv/put")],
            issuedAt: "2026-07-10T11:00:00Z",
            expiresAt: "2027-07-10T12:00:00Z",
            status: "live"
        ),
    ]

    private static func capability(_ path: String, _ ability: String) -> ListedDelegation.Capability {
        ListedDelegation.Capability(resource: "\(space)/\(path)", ability: ability, caveats: [:])
    }
}
