import ATProto
import CapTesting
import Multiformats
import Testing

@Suite struct PublishedLexiconTests {
    @Test func everyDocumentLoads() throws {
        #expect(LexiconCatalog.publishedFiles.count == 33)
        for file in LexiconCatalog.publishedFiles {
            let document = try LexiconDocument(text: Fixture.bytes(file))
            let name = file.split(separator: "/").last?.split(separator: ".").first ?? ""
            #expect(document.id.split(separator: ".").last == name, "\(file)")
        }
    }

    static let space = "at://did:web:alice.test/space/com.example.forum/main"
    static let commit: JSON = [
        "ver": 1, "hash": ["$bytes": "5aAKqZkayKXuMQmETYSlVYO9IFcq0//NQnkvPDaxg60"], "mac": ["$bytes": "AAAA"],
        "ikm": ["$bytes": ""], "sig": ["$bytes": "AA=="], "rev": "3kbcq3p7ad422",
    ]

    static let outputs: [(method: String, body: JSON?, refusal: String?)] = [
        ("com.atproto.space.getLatestCommit", ["commit": commit], nil),
        ("com.atproto.space.getLatestCommit", ["commit": ["ver": 1]], "`output/commit/hash` is missing"),
        ("com.atproto.space.getLatestCommit", nil, "`output` is missing"),
        ("com.atproto.space.getRepo", nil, nil),
        ("com.atproto.simplespace.addMember", nil, nil),
        ("com.atproto.simplespace.createSpace", ["uri": .string(space), "more": true], nil),
        (
            "com.atproto.simplespace.createSpace", ["uri": .string(space + "/did:web:a.test/com.example.post/1")],
            "`output/uri` must be the URI of a space"
        ),
        (
            "com.atproto.space.createRecord",
            [
                "uri": .string(space + "/did:web:a.test/com.example.post/1"), "validationStatus": "other",
                "cid": "bafyreidefdycgbfy3oglcb6ism3eqhyp5llsrpzxjsuac2gsy4mtrtx244",
            ], nil
        ),
        (
            "com.atproto.space.listRepoOps",
            [
                "ops": [
                    [
                        "rev": "3kbcq3p7ad422", "collection": "com.example.post", "rkey": "1", "cid": .null,
                        "prev": .null,
                    ],
                    ["rev": "3kbcq3p7ad422", "collection": "com.example.post", "rkey": "1", "prev": .null],
                ]
            ], "`output/ops/1/cid` is missing"
        ),
        (
            "com.atproto.space.applyWrites",
            ["results": [["$type": "com.atproto.space.applyWrites#deleteResult"], ["$type": "#deleteResult"]]],
            "`output/results/1` must have one of these as `$type`: `com.atproto.space.applyWrites#createResult`, "
                + "`com.atproto.space.applyWrites#updateResult`, `com.atproto.space.applyWrites#deleteResult`"
        ),
        ("com.example.notHere", "anything", nil),
    ]

    @Test(arguments: PublishedLexiconTests.outputs.indices) func answersAreCheckedToTheirParts(_ index: Int) {
        let (method, body, refusal) = Self.outputs[index]
        #expect(
            Self.refusal { () throws(ATProtoError) in
                try LexiconCatalog.published.validateOutput(body, of: method)
            } == refusal)
    }

    static let inputs: [(method: String, body: JSON, refusal: String?)] = [
        (
            "com.atproto.simplespace.createSpace",
            [
                "type": "com.example.forum", "policy": ["$type": "com.atproto.simplespace.defs#memberListPolicy"],
                "appAccess": ["$type": "com.example.other#tomorrow"],
            ], nil
        ),
        (
            "com.atproto.simplespace.createSpace",
            [
                "type": "com.example.forum", "policy": ["$type": "com.atproto.simplespace.defs#managingAppPolicy"],
                "appAccess": ["$type": "com.atproto.simplespace.defs#open"],
            ], "`input/policy/managingApp` is missing"
        ),
        (
            "com.atproto.space.applyWrites",
            [
                "space": .string(space), "repo": "did:web:alice.test",
                "writes": [
                    [
                        "$type": "com.atproto.space.applyWrites#create", "collection": "com.example.post",
                        "value": ["text": "hello"],
                    ],
                    ["$type": "com.atproto.space.applyWrites#delete", "collection": "com.example.post", "rkey": ".."],
                ],
            ], "`input/writes/1/rkey` must be a record key"
        ),
        (
            "com.atproto.space.applyWrites",
            ["space": "ats://did:web:alice.test/com.example.forum/main", "repo": "did:web:alice.test", "writes": []],
            "`input/space` must be the URI of a space"
        ),
        (
            "com.atproto.simplespace.putMember",
            ["space": .string(space), "did": "did:web:bob.test", "read": true, "write": "yes"],
            "`input/write` must be `true` or `false`"
        ),
        (
            "com.atproto.space.notifyCredentialRevoked", ["space": .string(space), "credentials": []],
            "`input/credentials` must have at least 1 items"
        ),
    ]

    @Test(arguments: PublishedLexiconTests.inputs.indices) func bodiesAreCheckedToTheirParts(_ index: Int) {
        let (method, body, refusal) = Self.inputs[index]
        #expect(
            Self.refusal { () throws(ATProtoError) in
                try LexiconCatalog.published.validateInput(body, of: method)
            } == refusal)
    }

    @Test func laterFormsTakeSpaceRevisions() throws {
        let later = LexiconCatalog.publishedWithSpaceRevisions
        let body: JSON = [
            "space": .string(Self.space), "repo": "did:web:alice.test", "rev": "3kbcq3p7ad422",
            "hash": ["$bytes": "AAAA"], "spaceRev": "tomorrow",
        ]
        try LexiconCatalog.published.validateInput(body, of: "com.atproto.space.notifyWrite")
        #expect(
            Self.refusal { () throws(ATProtoError) in
                try later.validateInput(body, of: "com.atproto.space.notifyWrite")
            } == "`input/spaceRev` must be a TID")
    }

    private static func refusal(_ check: () throws(ATProtoError) -> Void) -> String? {
        do throws(ATProtoError) {
            try check()
            return nil
        } catch {
            return error.message
        }
    }
}
