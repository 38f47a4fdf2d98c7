import ATProto
import Testing

@Suite struct RPCScopeTests {
    private static let service = "did:web:a.example#forum"

    struct Case: Sendable, CustomTestStringConvertible {
        let scopes: String
        let method: String?
        let audience: String
        let isAllowed: Bool
        var testDescription: String { "\(scopes) for \(method ?? "no method") at \(audience)" }

        init(_ scopes: String, _ method: String?, _ isAllowed: Bool, at audience: String = service) {
            self.scopes = scopes
            self.method = method
            self.audience = audience
            self.isAllowed = isAllowed
        }

        static let all = [
            Case("rpc:com.example.a?aud=did:web:a.example%23forum", "com.example.a", true),
            Case("rpc:com.example.a?aud=did:web:a.example%23forum", "com.example.b", false),
            Case("rpc:com.example.a?aud=did:web:a.example%23forum", nil, false),
            Case("rpc:com.example.a?aud=did:web:a.example%23forum", "com.example.a", false, at: "did:web:a.example"),
            Case("rpc:com.example.a?aud=*", "com.example.a", true),
            Case("rpc:*?aud=did:web:a.example%23forum", "com.example.b", true),
            Case("rpc:*?aud=did:web:a.example%23forum", nil, true),
            Case("rpc:*?aud=*", "com.example.a", false),
            Case("rpc?lxm=com.example.a&lxm=com.example.b&aud=*", "com.example.b", true),
            Case("atproto rpc:com.example.a?aud=* space:*", "com.example.a", true),
            Case("rpc:com.example.a", "com.example.a", false), Case("rpc?aud=*", "com.example.a", false),
            Case("rpc:com.example.a?aud=*&aud=*", "com.example.a", false),
            Case("rpc:com.example.a?aud=*&more=1", "com.example.a", false),
            Case("rpc:com.example.a?aud=nobody", "com.example.a", false),
            Case("rpc:nothing?aud=*", "nothing", false), Case("rpcx:com.example.a?aud=*", "com.example.a", false),
            Case("transition:generic", "com.example.a", false), Case("", "com.example.a", false),
        ]
    }

    @Test(arguments: Case.all) func aCallIsAllowedByOneUsableScope(_ one: Case) {
        #expect(RPCScopes(parsing: one.scopes).allows(method: one.method, audience: one.audience) == one.isAllowed)
    }
}
