import ATProto
import CapabilityGraph
import Multiformats
import Spaces
import Storage
import UCAN

/// The authority graph of a space for whoever signs in: list, chain, check with its explanation, and revoke, as on UCANs.
///
/// Who manages the space asks about all of it, everybody else about what concerns itself.
enum GraphRoutes {
    private static let names = "dev.capabilitygraph.graph."

    static let methods: [XRPCMethod] = [
        .query(names + "listEdges", listEdges),
        .query(names + "getChain", getChain),
        .query(names + "check", check),
        .query(names + "whoCan", whoCan),
        .query(names + "whatCan", whatCan),
        .query(names + "findPath", findPath),
        .procedure(names + "simulate", work: .inline, simulate),
        .procedure(names + "revoke", revoke),
    ]

    /// `space, did?, direction?, kind*, status*, ability*, path?, limit?, cursor?` →
    /// `{delegations, cursor?, complete, revision}`, newest first.
    ///
    /// Without `direction` a manager is shown all edges, or with `did` those that concern it; others those that concern
    /// themselves. `status` is `active` unless given.
    private static func listEdges(_ call: XRPCCall) throws -> XRPCOutput {
        var filters = SpaceGraph.Filters()
        filters.principal = try principal(call)
        if let text = try call.parameters.optionalText("direction") {
            guard let direction = ListQuery.Direction(rawValue: text) else {
                throw XRPCError.invalidRequest(
                    "`direction` is `created`, `received`, `party`, `concerning` or `all`")
            }
            filters.direction = direction
        }
        filters.kinds = try set(call, "kind") { text in call.service.store.families.kind(named: text) }
        filters.statuses = try set(call, "status", ListQuery.Status.init(rawValue:)) ?? filters.statuses
        filters.abilities = try set(call, "ability", ability).map(Array.init)
        filters.path = try call.parameters.optionalText("path")
        let limit = try call.parameters.number("limit", in: 1...1000, usual: 100)
        let cursor = try call.parameters.optionalText("cursor").map { text in
            guard let cursor = try? ListCursor(text) else {
                throw XRPCError("MalformedCursor", "`cursor` is none of this method")
            }
            return cursor
        }
        let permit = try call.permit(.readGraph(of: filters.principal), on: try call.space())
        let listing = try call.service.spaces.graph.list(
            permit, filters, limit: limit, maxBytes: call.service.settings.maxPageBytes, after: cursor, at: call.now)
        return .response(try HTTPResponse(listing))
    }

    /// `space, edge` → `{chain, revision}`: the edge and all it rests on, each before its proofs.
    private static func getChain(_ call: XRPCCall) throws -> XRPCOutput {
        let edge = try edge(try call.parameters.text("edge"))
        let permit = try call.permit(.readGraph(of: nil), on: try call.space())
        return .response(try HTTPResponse(call.service.spaces.graph.chain(permit, of: edge, at: call.now)))
    }

    /// `space, did?, ability, path?, explain?` → `{decision, chain, reason, revision}`, with `explain` also `explain` and
    /// why; without `did` the caller is meant.
    private static func check(_ call: XRPCCall) throws -> XRPCOutput {
        let explained = try call.parameters.flag("explain")
        if explained { try call.goesWhereQuestionsAre() }
        let caller = try call.caller()
        guard let own = caller.principal else { throw AccessRefusal.signInNeeded }
        let principal = try principal(call) ?? own
        let text = try call.parameters.text("ability")
        guard let ability = ability(text) else { throw XRPCError.invalidRequest("`ability` is not an ability") }
        let permit = try call.service.spaces.gate.permit(
            .readGraph(of: principal), caller, on: try call.space(), at: call.now)
        let path = try call.parameters.optionalText("path")
        return .json(
            try call.service.spaces.graph.check(permit, ability, path: path, explained: explained, at: call.now))
    }

    /// `{space, edge, reason?}` → `{revoked, cid}`: ends the edge and all that rests on it; again is no error.
    private static func revoke(_ call: XRPCCall) throws -> XRPCOutput {
        let text = try call.input.text("edge")
        let edge = try edge(text)
        let reason = try call.input.optionalText("reason") ?? "revoked"
        let permit = try call.permit(.endEdge(edge), on: try call.space())
        _ = try call.service.spaces.graph.end(permit, edge, reason: reason, at: call.now)
        return .json(["revoked": true, "cid": .string(text)])
    }

    static func principal(_ call: XRPCCall, _ name: XRPCField = "did") throws -> DID? {
        guard let text = try call.parameters.optionalText(name) else { return nil }
        guard let principal = try? call.service.store.families.principal(text) else {
            throw XRPCError.invalidRequest("`\(name.name)` names no principal")
        }
        return try call.service.store.freshSnapshot().principal(named: principal)
    }

    private static func edge(_ text: String) throws(XRPCError) -> Multihash {
        guard let cid = try? CID(text: text.utf8) else { throw .invalidRequest("`edge` is no CID") }
        return cid.hash
    }

    /// An ability by its whole name, or one of spaces by its last part.
    static func ability(_ text: String) -> Ability? {
        try? Ability(text.utf8.contains(UInt8(ascii: "/")) ? text : "atproto.space/" + text)
    }

    static func set<Value: Hashable>(
        _ call: XRPCCall, _ name: String, _ read: (String) -> Value?
    ) throws(XRPCError) -> Set<Value>? {
        let texts = call.parameters.texts(name)
        guard !texts.isEmpty else { return nil }
        var values: Set<Value> = []
        for text in texts {
            guard let value = read(text) else { throw .invalidRequest("`\(name)` does not take \(text.prefix(64))") }
            values.insert(value)
        }
        return values
    }
}
