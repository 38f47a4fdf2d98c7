import ATProto
import Multiformats
import Testing

/// What an operator's lexicons add to OAuth scopes (atproto-spaces.md 1, 6).
@Suite struct LexiconDeclarationTests {
    private static let forum = """
        {"lexicon":1,"id":"com.example.forum","defs":{"main":{"type":"space","key":"tid","name":"Forum",\
        "collections":["com.example.post","com.example.vote"]}}}
        """
    private static let set = """
        {"$type":"com.atproto.lexicon.schema","lexicon":1,"id":"com.example.full","defs":{"main":{"type":"permission-set",\
        "title":"x","permissions":[{"type":"permission","resource":"space","spaceType":"com.example.forum",\
        "authority":"*","action":["read","create"]},{"type":"permission","resource":"rpc","lxm":["a.b.c"],\
        "inheritAud":true}]}}}
        """

    private func declarations(_ texts: [String]) throws -> LexiconDeclarations {
        try LexiconDeclarations(texts.map { try LexiconDocument(text: Array($0.utf8)) })
    }

    private func allows(_ scopes: String, create collection: String, authority: String = "did:plc:alice") throws -> Bool
    {
        let space = try SpaceURI(authority: authority, type: "com.example.forum", skey: "one")
        return try SpaceScopes(
            parsing: scopes, for: "did:plc:alice", under: declarations([Self.forum, Self.set])
        ).allows(.createRecord(space, collection: collection))
    }

    @Test func aBareScopeWritesWhatItsTypeDeclares() throws {
        #expect(try allows("space:com.example.forum", create: "com.example.post"))
        #expect(try allows("space:com.example.forum", create: "com.example.vote"))
        #expect(try !allows("space:com.example.forum", create: "com.example.other"))
        #expect(try !allows("space:com.example.forum?collection=com.example.other", create: "com.example.post"))
        #expect(try !allows("space:com.example.forum?action=read", create: "com.example.post"))
        #expect(try !allows("space:*", create: "com.example.post"), "every type is none that declares anything")
    }

    @Test(arguments: [
        ("include:com.example.full", true), ("atproto include:com.example.full?aud=did:web:a.example%23x", true),
        ("include:com.example.none", false), ("include:com.example.full?aud=nobody", false),
        ("include:com.example.full?more=1", false), ("include:com.example.full?aud=did:web:a&aud=did:web:a", false),
        ("include:", false), ("include:com.example.forum", false), ("xinclude:com.example.full", false),
    ])
    func anIncludedSetIsItsEntries(scopes: String, isUsable: Bool) throws {
        #expect(try allows(scopes, create: "com.example.post", authority: "did:plc:bob") == isUsable)
        #expect(try !allows(scopes, create: "com.example.other", authority: "did:plc:bob"))
    }

    @Test func withoutDeclarationsNothingIsWritten() throws {
        let space = try SpaceURI(authority: "did:plc:alice", type: "com.example.forum", skey: "one")
        for scope in ["space:com.example.forum", "include:com.example.full"] {
            let scopes = SpaceScopes(parsing: scope, for: "did:plc:alice", under: LexiconDeclarations())
            #expect(!scopes.allows(.createRecord(space, collection: "com.example.post")))
        }
    }

    @Test(arguments: [
        #""permissions":{}"#, #""permissions":[1]"#, #""permissions":[{"type":"permission"}]"#, #""title":"x""#,
        // A type outside the set's namespace, one that is no type, and a parameter nobody knows.
        #""permissions":[{"type":"permission","resource":"space","spaceType":"org.other.forum"}]"#,
        #""permissions":[{"type":"permission","resource":"space","spaceType":"*"}]"#,
        #""permissions":[{"type":"permission","resource":"space","spaceType":"com.example.forum","more":"1"}]"#,
    ])
    func aMalformedSetIsRefusedAsAWhole(_ members: String) {
        let text = #"{"lexicon":1,"id":"com.example.full","defs":{"main":{"type":"permission-set",\#(members)}}}"#
        #expect(throws: ATProtoError.self) { try LexiconDocument(text: Array(text.utf8)) }
    }

    @Test func oneNameIsDeclaredOnce() throws {
        #expect(throws: ATProtoError("InvalidLexicon", "`com.example.forum` is given twice")) {
            try declarations([Self.forum, Self.forum])
        }
    }
}
