import Answers
import CapabilityGraph
import Multiformats
import Spaces
import Storage
import UCAN

/// Who can, what can and by which way, of one permissioned space. Who manages it asks about everybody, others about
/// themselves.
extension GraphRoutes {
    /// `space, ability, path?, kind*, limit?, cursor?` → `{schema, rows, everyone, cursor?, complete, hidden, …}`; only for who
    /// manages the space.
    static func whoCan(_ call: XRPCCall) throws -> XRPCOutput {
        try call.goesWhereQuestionsAre()
        let ability = try requiredAbility(call)
        let path = try call.parameters.optionalText("path")
        let kinds = try set(call, "kind", PrincipalKind.init(rawValue:))
        let (limit, cursor) = try paging(call)
        let permit = try call.permit(.readGraph(of: nil), on: try call.space())
        return .json(
            try call.service.spaces.graph.whoCan(
                permit, ability, path: path, kinds: kinds, after: cursor, limit: limit,
                maxBytes: call.service.settings.maxPageBytes, at: call.now))
    }

    /// `space, did?, ability?, public?, maximal?, limit?, cursor?` → `{schema, rows, cursor?, complete, hidden, …}`; without
    /// `did` the caller is meant.
    static func whatCan(_ call: XRPCCall) throws -> XRPCOutput {
        try call.goesWhereQuestionsAre()
        let principal = try principal(call) ?? own(call)
        let ability = try call.parameters.optionalText("ability").map { text in
            guard let named = Self.ability(text) else { throw XRPCError.invalidRequest("`ability` is not an ability") }
            return named
        }
        let withPublic = try call.parameters.flag("public")
        let isMaximal = try call.parameters.flag("maximal")
        let (limit, cursor) = try paging(call)
        let permit = try call.permit(.readGraph(of: principal), on: try call.space())
        return .json(
            try call.service.spaces.graph.whatCan(
                permit, ability, withPublic: withPublic, isMaximal: isMaximal, after: cursor, limit: limit,
                maxBytes: call.service.settings.maxPageBytes, at: call.now))
    }

    /// `space, from, to?, all?` → `{schema, paths, edges, complete, …}`; without `to` the caller is meant.
    static func findPath(_ call: XRPCCall) throws -> XRPCOutput {
        try call.goesWhereQuestionsAre()
        guard let giver = try principal(call, "from") else { throw XRPCError.invalidRequest("`from` is missing") }
        let holder = try principal(call, "to") ?? own(call)
        let all = try call.parameters.flag("all")
        let permit = try call.permit(.readGraph(of: holder), on: try call.space())
        return .json(try call.service.spaces.graph.paths(permit, from: giver, all: all, at: call.now))
    }

    /// `{space, changes, limit?, cursor?}` → what would follow, see `WhatIfAnswer.write`; nothing is changed. Only for who
    /// manages the space.
    static func simulate(_ call: XRPCCall) throws -> XRPCOutput {
        try call.goesWhereQuestionsAre()
        let changes: [SupposedChange]
        do throws(GraphError) {
            changes = try WhatIfAnswer.changes(try? call.input.value("changes"), call.service.store.families)
        } catch {
            throw XRPCError.invalidRequest(error.message)
        }
        let limit = try call.input.optionalNumber("limit", in: 1...1000) ?? 100
        let cursor = try call.input.optionalText("cursor").map(Self.cursor)
        let permit = try call.permit(.readGraph(of: nil), on: try call.space())
        return .json(
            try call.service.spaces.graph.whatIf(
                permit, changes, after: cursor, limit: limit, maxBytes: call.service.settings.maxPageBytes, at: call.now
            ))
    }

    private static func cursor(_ text: String) throws -> QuestionCursor {
        guard let cursor = try? QuestionCursor(text) else {
            throw XRPCError("MalformedCursor", "`cursor` is none of this method")
        }
        return cursor
    }

    private static func own(_ call: XRPCCall) throws -> DID {
        guard let own = try call.caller().principal else { throw AccessRefusal.signInNeeded }
        return own
    }

    private static func requiredAbility(_ call: XRPCCall) throws -> Ability {
        guard let ability = ability(try call.parameters.text("ability")) else {
            throw XRPCError.invalidRequest("`ability` is not an ability")
        }
        return ability
    }

    private static func paging(_ call: XRPCCall) throws -> (Int, QuestionCursor?) {
        let limit = try call.parameters.number("limit", in: 1...1000, usual: 100)
        return (limit, try call.parameters.optionalText("cursor").map(Self.cursor))
    }
}
