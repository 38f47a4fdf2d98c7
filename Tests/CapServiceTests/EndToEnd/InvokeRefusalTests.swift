import Multiformats
import Testing
import UCAN

/// POST /invoke, row by row of tinycloud.md 4, 6.3 and 8.
@Suite struct InvokeRefusalTests {
    @Test func whatIsNotAuthorizedIsRefused() throws {
        let refused = try Refused()
        let scene = refused.scene
        let space = scene.space
        let unknown = try scene.ucan(scene.session, to: refused.agent.did, [], proofs: [])
        let bound = try scene.admit(
            scene.ucan(
                scene.session, to: refused.agent.did,
                [space.can("tinycloud.capabilities/read", "capabilities", caveats: [["only": "mine"]])],
                proofs: [refused.root]))
        let elsewhere = SpaceName(of: scene.owner.did(), "elsewhere")
        let early = try scene.admit(
            scene.cacao(
                scene.owner, to: scene.session.did.text, [elsewhere.can("tinycloud.capabilities/read", "capabilities")])
        )
        let brief = try scene.admit(
            scene.ucan(
                scene.session, to: refused.agent.did, [space.can("tinycloud.capabilities/read", "capabilities")],
                proofs: [refused.root], lasts: 5))
        scene.advance(10)
        let readText = "\(space.resource("capabilities/all")) / tinycloud.capabilities/read"
        try refused.expect([
            .init("no header", 401, "missingAuthorization", .framework) { try $0.post("/invoke", nil) },
            .init("no token", 401, "malformedAuthorization", .framework) {
                try $0.scene.wire.post("/invoke", authorization: "x", headers: $0.headers)
            },
            .init("expired", 401, "expired", .text("Invocation expired or not yet valid")) { try $0.invoke(lasts: 0) },
            .init("a signature of something else", 401, "badSignature", .text("Failed to verify signature")) {
                try $0.post(
                    "/invoke", $0.forged(scene.invocation(scene.session, space.readAll, proofs: [refused.root])))
            },
            .init("lasts too long", 401, "lifetimeExceeded", .text("Invocation lifetime exceeds server maximum")) {
                try $0.invoke(lasts: 301)
            },
            .init("no proof", 401, "missingProof", .text("Cannot find parent delegation")) {
                try $0.invoke(proofs: [])
            },
            .init("an unknown proof", 401, "missingProof", .text("Cannot find parent delegation")) {
                try $0.invoke(proofs: [refused.root, unknown])
            },
            .init("a proof twice", 401, "missingProof", .text("Cannot find parent delegation")) {
                try $0.invoke(proofs: [refused.root, refused.root])
            },
            .init("somebody else's proof", 401, "missingProof", .text("Cannot find parent delegation")) {
                try $0.invoke(by: refused.stranger)
            },
            .init(
                "a proof too many", 401, "audienceMismatch", .text("Unauthorized Invoker"), isExplained: true
            ) { try $0.invoke(proofs: [refused.root, refused.grant]) },
            .init("a proof that gives something else", 401, "noRoute", .text("Unauthorized Action: \(readText)")) {
                try $0.invoke(by: refused.agent, proofs: [refused.grant])
            },
            .init(
                "a proof that expired", 401, "expired", .text("Unauthorized Action: \(readText)"), isExplained: true
            ) {
                try $0.invoke(by: refused.agent, proofs: [brief])
            },
            .init(
                "a caveat dropped", 401, "missingContext",
                .text("invocation-caveats-not-subset-of-chain: containment-caveat-mismatch")
            ) { try $0.invoke(by: refused.agent, proofs: [bound]) },
            .init(
                "a caveat exchanged", 401, "caveatFailed",
                .text("invocation-caveats-not-subset-of-chain: containment-caveat-mismatch")
            ) {
                try $0.invoke(
                    [space.can("tinycloud.capabilities/read", "capabilities/all", caveats: [["only": "yours"]])],
                    by: refused.agent, proofs: [bound])
            },
            .init(
                "a caveat nobody here can judge", 401, "caveatFailed",
                .text("invocation-caveats-not-subset-of-chain: caveat-not-judged-here")
            ) {
                try $0.invoke(
                    [space.can("tinycloud.capabilities/read", "capabilities/all", caveats: [["only": "mine"]])],
                    by: refused.agent, proofs: [bound])
            },
            .init("a space nobody hosts", 404, "spaceNotHosted", .text("Space not found")) {
                try $0.invoke(elsewhere.readAll, proofs: [early])
            },
        ])
    }

    @Test func whatNobodyServesIsNotAnEmptyAnswer() throws {
        let refused = try Refused()
        let space = refused.scene.space
        let scene = refused.scene
        let sql = try scene.admit(
            scene.cacao(scene.owner, to: scene.session.did.text, [space.can("tinycloud.sql/read", "sql")]))
        let table = space.resource("sql/a")
        try refused.expect([
            .init(
                "another ability", 501, "NoHandler",
                .text("NoHandler: nothing here serves `tinycloud.sql/read` on `\(table)`")
            ) { try $0.invoke([space.can("tinycloud.sql/read", "sql/a")], proofs: [sql]) },
            .init(
                "a read and something else", 501, "multipleOutcomes",
                .text("Multiple invocation outcomes require a homogeneous KV get or metadata batch")
            ) { try $0.invoke(space.readAll + [space.can("tinycloud.kv/get", "kv/notes/a")]) },
            .init(
                "two reads", 501, "multipleOutcomes",
                .text("Multiple invocation outcomes require a homogeneous KV get or metadata batch")
            ) {
                try $0.invoke(space.readAll + [space.can("tinycloud.capabilities/read", "capabilities/other")])
            },
            .init("another path", 404, "notFound", .text("capabilities are read at `<space>/capabilities/all`")) {
                try $0.invoke([space.can("tinycloud.capabilities/read", "capabilities/other")])
            },
            .init("no path", 404, "notFound", .text("capabilities are read at `<space>/capabilities/all`")) {
                try $0.invoke([space.can("tinycloud.capabilities/read", "capabilities")])
            },
            .init("nothing", 400, "noCapability", .text("the invocation names no capability")) {
                try $0.invoke([])
            },
        ])
    }

    @Test func anInvocationIsUsedOnce() throws {
        let refused = try Refused()
        let scene = refused.scene
        try refused.expect([
            .init("twice", 409, "duplicateInvocation", .text("duplicate invocation")) { ask in
                let token = try scene.invocation(scene.session, scene.space.readAll, proofs: [refused.root])
                #expect(try ask.post("/invoke", token).status == 200)
                return try ask.post("/invoke", token)
            },
            .init("refused, then sent again", 409, "duplicateInvocation", .text("duplicate invocation")) { ask in
                let token = try scene.invocation(scene.session, scene.space.readAll, proofs: [])
                #expect(try ask.post("/invoke", token).status == 401)
                return try ask.post("/invoke", token)
            },
            // There is no end of keys that nothing names, so what they ask in vain is not kept.
            .init(
                "refused of a key that is not known, then sent again", 401, "missingProof",
                .text("Cannot find parent delegation")
            ) { ask in
                let token = try scene.invocation(refused.stranger, scene.space.readAll, proofs: [refused.root])
                #expect(try ask.post("/invoke", token).status == 401)
                return try ask.post("/invoke", token)
            },
        ])
    }

    @Test func parametersThatCannotBeReadAreNotTakenForEverything() throws {
        let refused = try Refused()
        let grant = refused.grant.cid.text
        let prefix = "Invalid capabilities read parameters: "
        let rows: [(String, JSON, String)] = [
            ("no object", "list", "`capabilitiesReadParams` is not an object"),
            ("no type", [:], "`type` is neither `list` nor `chain`"),
            ("unknown type", ["type": "tree"], "`type` is neither `list` nor `chain`"),
            ("type of a number", ["type": 1], "`type` is neither `list` nor `chain`"),
            ("no cid", ["type": "chain"], "a chain read needs `delegation_cid`"),
            ("camel case", ["type": "chain", "delegationCid": .string(grant)], "a chain read needs `delegation_cid`"),
            ("cid of a number", ["type": "chain", "delegation_cid": 7], "a chain read needs `delegation_cid`"),
            ("filters of text", ["type": "list", "filters": "created"], "`filters` is not an object"),
            (
                "unknown direction", ["type": "list", "filters": ["direction": "sent"]],
                "`direction` is not `created`, `received` or `all`"
            ),
            ("path of a number", ["type": "list", "filters": ["path": 1]], "`path` is not text"),
            (
                "actions of text", ["type": "list", "filters": ["actions": "tinycloud.kv/get"]],
                "`actions` is not an array"
            ),
            (
                "actions of numbers", ["type": "list", "filters": ["actions": [1]]],
                "`actions` holds something that is not an ability"
            ),
            (
                "status unknown", ["type": "list", "filters": ["status": "gone"]],
                "`status` is not `active`, `pending`, `expired` or `revoked`"
            ),
            (
                "flag of text", ["type": "list", "filters": ["includeExpired": "yes"]],
                "`includeExpired` is not true or false"
            ),
            ("limit 0", ["type": "list", "filters": ["limit": 0]], "`limit` is not a number from 1 to 1000"),
            (
                "limit too large", ["type": "list", "filters": ["limit": 1001]],
                "`limit` is not a number from 1 to 1000"
            ),
            ("limit of text", ["type": "list", "filters": ["limit": "5"]], "`limit` is not a number from 1 to 1000"),
            ("cursor without limit", ["type": "list", "filters": ["cursor": "x"]], "`cursor` needs `limit`"),
            (
                "cursor of nobody", ["type": "list", "filters": ["cursor": "x", "limit": 1]],
                "`cursor` is not a cursor of this service"
            ),
        ]
        try refused.expect(
            rows.map { name, parameters, text in
                .init(name, 400, "malformedParameters", .text(prefix + text)) { try $0.read(parameters) }
            })
        try refused.expect([
            .init("a CID that is none", 400, "malformedCID", .text("Invalid delegation CID: bafkr4inonsense")) {
                try $0.read(["type": "chain", "delegation_cid": "bafkr4inonsense"])
            },
            .init("an unknown CID", 404, "notFound", .text("Delegation not found")) {
                try $0.read(["type": "chain", "delegation_cid": .string(CID.ofToken([1]).text)])
            },
        ])
        // Null means absent, and a fact without the member is none of ours.
        let scene = refused.scene
        let whole = try scene.read(scene.session, proofs: [refused.root]).json
        for parameters in [
            ["type": "list", "filters": .null], ["type": "list", "filters": ["direction": .null, "path": .null]],
            ["type": "list", "unknown": 1],
        ] as [JSON] {
            #expect(try scene.read(scene.session, proofs: [refused.root], parameters).json == whole)
        }
        let ask = Refused.Ask(refused: refused, headers: [])
        #expect(try ask.invoke(facts: ["capabilitiesReadParams", 7, ["other": ["type": "tree"]]]).json == whole)
    }
}
