import ATProto
import Multiformats
import Spaces
import UCAN

/// The member list of a space (atproto-spaces.md 5, 14.4, 14.5).
enum MemberRoutes {
    private static let simple = "com.atproto.simplespace."
    private static let older = "dev.happyview.space."

    static let methods: [XRPCMethod] = [
        .procedure(simple + "addMember", aliases: [older + "addMember"], addMember),
        .procedure(simple + "putMember", putMember),
        .procedure(simple + "removeMember", aliases: [older + "removeMember"], removeMember),
        .query(simple + "listMembers", aliases: [older + "listMembers"], listMembers),
    ]

    /// `{space, did, access?, isDelegation?, manage?}`; without `access` a new member reads and writes (reading 7).
    ///
    /// By the older names a new member reads, an existing one is refused, and the answer is 201 `{member}`.
    private static func addMember(_ call: XRPCCall) throws -> XRPCOutput {
        let permit = try call.permit(.manageMembers, on: try call.space())
        let isSpace = try call.input.optionalFlag(XRPCField("isDelegation", legacy: ["is_delegation"])) ?? false
        let addition = try SpaceMembers.Addition(
            name: try call.input.text(.did), isSpace: isSpace,
            access: try call.input.optionalText("access").map { try MemberAccess(word: $0) },
            usual: call.isAlias ? .reader : .writer, manage: try call.input.optionalFlag("manage"),
            refusesExisting: call.isAlias)
        let member = try call.service.spaces.members.add(permit, addition, at: call.now)
        return call.isAlias ? .json(["member": member.json], status: 201) : .empty()
    }

    /// `{space, did, read, write, swapMember?}`: sets both flags, adding who is not there; `swapMember` names the flags
    /// they replace (21.16).
    private static func putMember(_ call: XRPCCall) throws -> XRPCOutput {
        let permit = try call.permit(.manageMembers, on: try call.space())
        let flags = try flags(call.input)
        let swap = try call.input.optionalObject("swapMember").map { object in
            let held = try Self.flags(XRPCInput(object, isAlias: call.isAlias))
            return MemberAccess([]).replacing(read: held.read, write: held.write)
        }
        let name = try SpaceMembers.checked(try call.input.text(.did), isSpace: false)
        _ = try call.service.spaces.members.put(
            permit, did: try DID(name), read: flags.read, write: flags.write, swap: swap, at: call.now)
        return .empty()
    }

    private static func flags(_ input: XRPCInput) throws -> (read: Bool, write: Bool) {
        guard let read = try input.optionalFlag("read"), let write = try input.optionalFlag("write") else {
            throw XRPCError.invalidRequest("`read` and `write` go together")
        }
        return (read, write)
    }

    /// `{space, did}`, where `did` is a DID or the URI of a member space; idempotent.
    ///
    /// By the older names who is not there is 404, and the answer is `{success}`. Where open invites could have brought the
    /// member back, `openInvites` names them: who was removed can no longer use those, everybody else can.
    private static func removeMember(_ call: XRPCCall) throws -> XRPCOutput {
        let permit = try call.permit(.manageMembers, on: try call.space())
        let text = try call.input.text(.did)
        let name = try SpaceMembers.listed(text, isSpace: !text.utf8.starts(with: "did:".utf8))
        let open = try call.service.spaces.members.remove(
            permit, name: name, refusesMissing: call.isAlias, at: call.now)
        var answer = JSONObject()
        if call.isAlias { answer["success"] = true }
        if !open.isEmpty { answer["openInvites"] = .array(open.map { .string($0) }) }
        return answer.isEmpty ? .empty() : .json(.object(answer))
    }

    /// `space, limit?, cursor?, did?, direct?` → `{members: [{did, access, read, write, manage}], cursor?}`.
    ///
    /// With `did` at most that one; everybody may ask about itself. With `direct=true` the rows as they are written,
    /// those of member spaces among them, whose `did` is the space's URI.
    private static func listMembers(_ call: XRPCCall) throws -> XRPCOutput {
        let members = call.service.spaces.members
        let limit = try call.parameters.number("limit", in: 1...1000, usual: 100)
        let cursor = try call.parameters.optionalText("cursor") ?? ""
        if let text = try call.parameters.optionalText(.did) {
            let did = try DID(try SpaceMembers.checked(text, isSpace: false))
            let permit = try call.permit(.listMembers(of: did), on: try call.space())
            let found = try members.access(permit, of: did).map { ListedMember(did: did.text, access: $0).json }
            return .json(.page("members", found.map { [$0] } ?? [], cursor: nil))
        }
        let isDirect = try call.parameters.flag("direct")
        let permit = try call.permit(.listMembers(of: nil), on: try call.space())
        if isDirect {
            let (rows, next) = try members.rows(permit, limit: limit, after: cursor)
            return .json(.page("members", rows.map(\.json), cursor: next))
        }
        let (listed, next) = try members.list(permit, limit: limit, after: cursor)
        return .json(.page("members", listed.map(\.json), cursor: next))
    }
}
