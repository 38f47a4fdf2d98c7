import Testing

@testable import ATProto

/// What the `blob:` scopes of a grant let an app upload.
@Suite struct BlobScopeTests {
    @Test(arguments: [
        ("blob:*/*", "image/png", true), ("blob:image/*", "image/png", true), ("blob:image/*", "IMAGE/PNG", true),
        ("blob:image/*", "video/mp4", false), ("blob:image/png", "image/jpeg", false),
        ("blob?accept=image/png&accept=video/*", "video/mp4", true),
        ("blob?accept=image/png&accept=video/*", "text/plain", false),
        ("atproto blob:text/plain", "text/plain; charset=utf-8", true), ("blob", "image/png", false),
        ("blob:", "image/png", false), ("blob:image", "image/png", false), ("blob:image/*", "image", false),
        ("blob?accept=*/*&other=1", "image/png", false), ("space:*", "image/png", false), ("", "image/png", false),
        ("blobs:*/*", "image/png", false), ("blob:%2A/*", "image/png", true),
    ])
    func acceptsTheMediaTypesItNames(_ scope: String, _ type: String, _ isAllowed: Bool) {
        #expect(BlobScopes(parsing: scope).allows(type) == isAllowed)
    }

    @Test func textsBeyondTheBoundGrantNothing() {
        let long = "blob:*/* " + String(repeating: "x", count: SpaceScopes.maximumLength)
        #expect(BlobScopes(parsing: long) == .none)
    }
}
