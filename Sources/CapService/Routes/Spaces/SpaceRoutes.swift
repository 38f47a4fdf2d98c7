import ATProto
import Multiformats
import Spaces
import UCAN

/// Spaces themselves: made, described, changed, deleted, listed (atproto-spaces.md 12, 13.7, 14, 18).
enum SpaceRoutes {
    private static let simple = "com.atproto.simplespace."
    private static let older = "dev.happyview.space."

    static let methods: [XRPCMethod] = [
        .procedure(simple + "createSpace", aliases: [older + "createSpace", older + "create"], createSpace),
        .procedure(simple + "updateSpace", aliases: [older + "updateSpace", older + "update"], updateSpace),
        .procedure(simple + "deleteSpace", aliases: [older + "deleteSpace", older + "delete"], deleteSpace),
        .query(simple + "getSpace", getFlatSpace),
        .query(simple + "getConfig", getConfig),
        .procedure(simple + "updateConfig", updateConfig),
        .query("com.atproto.space.getSpace", aliases: [older + "getSpace", older + "get"], getSpace),
        .query("com.atproto.space.listSpaces", aliases: [older + "listSpaces", older + "list"], listSpaces),
    ]

    /// `{spaceType, skey?, authority?, …settings}` → `{uri}`; by the older names 201 `{uri, space}`, and `skey` is
    /// needed.
    private static func createSpace(_ call: XRPCCall) throws -> XRPCOutput {
        let caller = try call.caller()
        guard let principal = caller.principal else { throw AccessRefusal.signInNeeded }
        let authority = try call.input.optionalText("authority") ?? principal.text
        let type = try call.input.text(.spaceType)
        let skey = try call.isAlias ? call.input.text("skey") : call.input.optionalText("skey")
        let change = try SettingsChange(call.input.object)

        func create(_ key: String) throws -> DescribedSpace {
            let uri = try SpaceURI(authority: authority, type: type, skey: key)
            let permit = try call.service.spaces.gate.permit(.createSpace, caller, on: uri, at: call.now)
            return try call.service.spaces.directory.create(
                permit, change, listsCreator: call.isAlias, isUnnamed: skey == nil, at: call.now)
        }
        let space = try skey.map(create) ?? createUnnamed(at: call.now, create)
        guard call.isAlias else { return .json(["uri": .string(space.uri.text)]) }
        return .json(["uri": .string(space.uri.text), "space": space.json], status: 201)
    }

    /// Makes a space under a key of the clock's time, and under another one where a space has it or had it.
    private static func createUnnamed(
        at now: Timestamp, _ create: (String) throws -> DescribedSpace
    ) throws -> DescribedSpace {
        for _ in 1...7 {
            do {
                return try create(newKey(at: now))
            } catch let error as ATProtoError where error == SpaceDirectory.exists {
                continue
            }
        }
        return try create(newKey(at: now))
    }

    private static func newKey(at now: Timestamp) -> String {
        TID(microseconds: now.microseconds, clockID: UInt16.random(in: 0...0x3FF)).text
    }

    /// `{space, …settings}`; what is absent stays. By the older names `{uri, space}`.
    private static func updateSpace(_ call: XRPCCall) throws -> XRPCOutput {
        let space = try update(call)
        guard call.isAlias else { return .empty() }
        return .json(["uri": .string(space.uri.text), "space": space.json])
    }

    /// `{space, mintPolicy?, appAccess?, managingApp?}` → the settings as getConfig tells them.
    private static func updateConfig(_ call: XRPCCall) throws -> XRPCOutput {
        .json(try update(call).record.configJSON)
    }

    private static func update(_ call: XRPCCall) throws -> DescribedSpace {
        let permit = try call.permit(.updateSpace, on: try call.space())
        return try call.service.spaces.directory.update(
            permit, try SettingsChange(call.input.object), at: call.now)
    }

    /// `{space, purgeMemberData?}`; a second time succeeds too. By the older names members' data goes unless it is told
    /// to stay, and the answer is `{success}`.
    private static func deleteSpace(_ call: XRPCCall) throws -> XRPCOutput {
        let permit = try call.permit(.deleteSpace, on: try call.space())
        let purges = try call.input.optionalFlag(XRPCField("purgeMemberData", legacy: ["purge_member_data"]))
        try call.service.spaces.deletion.delete(permit, purgesMemberData: purges ?? call.isAlias, at: call.now)
        return call.isAlias ? .json(["success": true]) : .empty()
    }

    private static func getFlatSpace(_ call: XRPCCall) throws -> XRPCOutput {
        .json(try find(call, .readSettings).space.record.flatJSON)
    }

    private static func getSpace(_ call: XRPCCall) throws -> XRPCOutput {
        let (space, permit) = try find(call, .readSettings)
        return .json(space.wideJSON(isOwner: permit.isOwner))
    }

    private static func getConfig(_ call: XRPCCall) throws -> XRPCOutput {
        .json(try find(call, .readConfig).space.record.configJSON)
    }

    private static func find(
        _ call: XRPCCall, _ operation: Operation
    ) throws -> (space: DescribedSpace, permit: Permit) {
        let permit = try call.permit(operation, on: try call.space())
        return (try call.service.spaces.directory.find(permit), permit)
    }

    /// `spaceType?, did?, limit?, cursor?` → `{spaces: [{uri, isOwner}], cursor?}`.
    ///
    /// `did` names an authority. By the older names it named whose spaces are meant, which are the caller's own always.
    private static func listSpaces(_ call: XRPCCall) throws -> XRPCOutput {
        let type = try call.parameters.optionalText(.spaceType)
        let authority = call.isAlias ? nil : try call.parameters.optionalText("did")
        if let type, !NSID.isValid(type) { throw XRPCError.invalidRequest("`spaceType` is no NSID") }
        if let authority, !ATProtoDID.isValid(authority) { throw XRPCError.invalidRequest("`did` is no DID") }
        let limit = try call.parameters.number("limit", in: 1...100, usual: 50)
        let cursor = try call.parameters.optionalText("cursor").map { text in
            guard let uri = try? SpaceURI(text) else {
                throw XRPCError("MalformedCursor", "`cursor` is none of this method")
            }
            return uri
        }
        let permit = try call.permit(account: .listSpaces(type: type, authority: authority))
        let (spaces, next) = try call.service.spaces.directory.list(permit, limit: limit, after: cursor)
        return .json(.page("spaces", spaces.map(\.json), cursor: next?.text))
    }
}

extension JSON {
    /// One page of a list: its rows, and the cursor of the next page where there is one.
    static func page(_ name: String, _ rows: [JSON], cursor: String?) -> JSON {
        var object = JSONObject()
        object[name] = .array(rows)
        object["cursor"] = cursor.map { .string($0) }
        return .object(object)
    }
}
