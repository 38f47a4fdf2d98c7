import ATProto
import CapTesting
import Multiformats
import Testing

@Suite struct SpaceScopeTests {
    private let user = "did:plc:44ybard66vv44zksje25o7dz"

    @Test func vectorsAreAllowedOrNotAsStated() throws {
        let cases = try #require(Fixture.json("vectors/atproto/spaces/scopes.json")["cases"]?.array)
        #expect(cases.count >= 20)
        for vector in cases {
            let scope = try #require(SpaceScope(vector.vectorText("scope")))
            let declared = try #require(vector["declaredCollections"]?.array).compactMap(\.string)
            let granted = try scope.granted(by: vector.vectorText("grantingUser"), declaredCollections: Set(declared))
            let access = try self.access(#require(vector["target"]))
            #expect(granted.allows(access) == vector["expect"]?.bool, "\(scope.text) \(access)")
            // What is stored with a grant says the same when it is read again.
            let reread = try #require(SpaceScope(granted.text))
            #expect(reread.allows(access) == vector["expect"]?.bool, "\(granted.text)")
            if scope.authority == .granter { #expect(!scope.allows(access)) }
        }
    }

    private func access(_ target: JSON) throws -> SpaceAccess {
        let operation: SpaceAccess.Operation
        if let manage = target["manage"]?.string {
            operation = .manage(try #require(SpaceScope.Management(rawValue: manage)))
        } else {
            switch try #require(SpaceScope.Action(rawValue: target.vectorText("action"))) {
            case .read: operation = .read
            case .readSelf: operation = .readSelf
            case .create: operation = .create(collection: try target.vectorText("collection"))
            case .update: operation = .update(collection: try target.vectorText("collection"))
            case .delete: operation = .delete(collection: try target.vectorText("collection"))
            }
        }
        return SpaceAccess(
            type: target["type"]?.string, authority: target["authority"]?.string, skey: target["skey"]?.string,
            operation: operation)
    }

    @Test func invalidScopesAreUnusable() throws {
        let invalid = try #require(Fixture.json("vectors/atproto/spaces/scopes.json")["invalid"]?.array)
        let more = [
            "", "space", "spaces:com.example.x", "space:com.example.x?", "space:com.example.x?foo=1",
            "space:com.example.x?action=", "space:com.example.x?skey=", "space:com.example.x?authority",
            "space:com.example.x?type=com.example.x", "space:com.example.x?skey=a&skey=a", "space:com.example.x?&",
            "space:com.example.x?authority=did:web:a%zz", "space:com.example.x?skey=%00", "space:com.example.x#a",
            "space:com.example.x?authority=did:web:\u{212A}", "space:com.example.x?Action=read",
        ]
        for text in invalid.compactMap(\.string) + more { #expect(SpaceScope(text) == nil, "\(text)") }
        #expect(SpaceScope("space:com.example.x?" + String(repeating: "action=read&", count: 2000)) == nil)
        #expect(
            SpaceScope("space:com.example.x?" + Array(repeating: "action=read", count: 200).joined(separator: "&"))
                == nil)
    }

    @Test func spellingsOfOneScopeAreEqual() throws {
        let scope = try #require(
            SpaceScope("space:com.example.x?authority=*&action=create&action=read&collection=a.b.c"))
        for text in [
            "space?spaceType=com.example.x&collection=a.b.c&action=read&action=create&authority=*",
            "space?authority=*&type=com.example.x&action=read&action=create&collection=a.b.c",
            "space:com%2Eexample.x?authority=%2A&collection=a.b.c&action=create&action=read&action=read",
        ] { #expect(SpaceScope(text) == scope, "\(text)") }
        #expect(SpaceScope(scope.text) == scope)
        #expect(SpaceScope("space:*?collection=a.b.c&collection=*")?.collections == .any)
    }

    @Test func escapedDIDsSurviveTheirText() throws {
        let scope = try #require(SpaceScope("space:com.example.x?authority=did:web:a.localhost%253A8080"))
        #expect(scope.authority == .did("did:web:a.localhost%3A8080"))
        #expect(SpaceScope(scope.text) == scope)
    }

    @Test func operationsNeedWhatTheTableSays() throws {
        let space = try SpaceURI("at://\(user)/space/com.example.x/self")
        func allowed(_ scope: String, _ access: SpaceAccess) throws -> Bool {
            try #require(SpaceScope(scope)).granted(by: user, declaredCollections: []).allows(access)
        }
        let write = "space:com.example.x?collection=a.b.c&action="
        #expect(try allowed(write + "create", .createRecord(space, collection: "a.b.c")))
        #expect(try !allowed(write + "create", .createRecord(space, collection: "a.b.d")))
        #expect(try allowed(write + "create", .putRecord(space, collection: "a.b.c", exists: false)))
        #expect(try !allowed(write + "create", .putRecord(space, collection: "a.b.c", exists: true)))
        #expect(try allowed(write + "update", .putRecord(space, collection: "a.b.c", exists: true)))
        #expect(try !allowed(write + "update", .putRecord(space, collection: "a.b.c", exists: false)))
        #expect(try allowed(write + "delete", SpaceAccess(space, .delete(collection: "a.b.c"))))
        let own = "space:com.example.x?action=read_self"
        #expect(try allowed(own, .showSpace(space)))
        #expect(try !allowed(own, .getDelegationToken(space)))
        #expect(try allowed("space:com.example.x?action=read", .getDelegationToken(space)))
        for (manage, access) in [
            ("create", SpaceAccess.createSpace(space)), ("update", .updateSpace(space)),
            ("delete", .deleteSpace(space)),
        ] {
            for given in SpaceScope.Management.allCases {
                #expect(
                    try allowed("space:com.example.x?manage=\(given.rawValue)", access) == (given.rawValue == manage))
            }
        }
    }

    @Test func listingWithoutFilterNeedsWildcards() throws {
        let narrow = SpaceScopes(parsing: "atproto space:com.example.x?authority=* space:*?authority=\(user)")
        #expect(narrow.scopes.count == 2)
        #expect(narrow.allows(.listSpaces(type: "com.example.x", authority: nil)))
        #expect(narrow.allows(.listSpaces(type: nil, authority: user)))
        #expect(!narrow.allows(.listSpaces(type: nil, authority: nil)))
        #expect(!SpaceScopes(parsing: "space:*?authority=*&skey=self").allows(.listSpaces(type: nil, authority: nil)))
        #expect(SpaceScopes(parsing: "space:*?authority=*").allows(.listSpaces(type: nil, authority: nil)))
        #expect(throws: ATProtoError("InsufficientScope", "the app has no scope for this in this space")) {
            try narrow.require(.listSpaces(type: nil, authority: nil))
        }
    }

    /// Some scope about the space that lets one read one's own records, or write any.
    @Test(arguments: [
        ("space:com.example.x?authority=*&collection=com.example.a&action=create", true),
        ("space:com.example.x?authority=*&action=read_self", true), ("space:com.example.x?authority=*", true),
        ("space:com.example.x?authority=*&manage=update&action=read", true),
        ("space:com.example.y?authority=*&collection=*", false), ("space:com.example.x?collection=*", false),
        ("space:com.example.x?authority=did:web:a.example&collection=*", false), ("atproto", false),
    ])
    func somethingIsAllowedInASpace(text: String, isAllowed: Bool) throws {
        let access = SpaceAccess(
            type: "com.example.x", authority: user, skey: "main", operation: .readSelf)
        #expect(SpaceScopes(parsing: text).allowsSomething(in: access) == isAllowed)
    }

    @Test func permissionSetsReachOnlyTheirNamespace() throws {
        let set = try NSID("com.example.forum.authFull")
        func scope(_ type: JSON) -> SpaceScope? {
            SpaceScope(
                permission: [
                    "type": "permission", "resource": "space", "spaceType": type, "action": ["read", "create"],
                    "collection": ["com.example.forum.post"],
                ], of: set)
        }
        let own = try #require(scope("com.example.forum.board"))
        #expect(own.actions == [.read, .create] && own.collections == .listed(["com.example.forum.post"]))
        for type: JSON in ["*", "com.example.chat.room", "com.example.forumx.board", 1, ["com.example.forum.a"]] {
            #expect(scope(type) == nil || type.array != nil)
        }
        #expect(SpaceScope(permission: ["type": "permission", "resource": "repo"], of: set) == nil)
        #expect(SpaceScope(permission: ["type": "permission", "resource": "space"], of: set) == nil)
    }
}
