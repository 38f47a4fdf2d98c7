import ATProto
import Answers
package import CapabilityGraph
import Multiformats
import Storage
package import UCAN

extension SpaceGraph {
    /// Writes who may use an ability on the space or a path in it; see `QuestionAnswer.whoCan`.
    ///
    /// Throws `NotSpaceOwner` for who does not manage the space, and `MalformedCursor` for a cursor of another question.
    package func whoCan(
        _ permit: Permit, _ ability: Ability, path: String?, kinds: Set<PrincipalKind>?, after cursor: QuestionCursor?,
        limit: Int, maxBytes: Int, at now: Timestamp
    ) throws -> [UInt8] {
        guard case .readGraph = permit.operation else { throw AccessRefusal.closed }
        guard permit.manages else { throw AccessRefusal.notSpaceOwner }
        let graph = store.snapshot(at: permit.revision)
        let question = WhoCanQuestion(
            ability: ability, resource: try Self.resource(permit.space, path, graph.families), kinds: kinds)
        let page = try Self.named { () throws(GraphError) in
            try graph.whoCan(question, after: cursor, limit: limit, maxBytes: maxBytes, now: now)
        }
        return QuestionAnswer.whoCan(page, in: graph.asOf(page.revision), readerOf: try Space(permit.space))
    }

    /// Writes what a principal may do in the space; see `QuestionAnswer.whatCan`.
    ///
    /// Throws `MalformedCursor` for a cursor of another question.
    package func whatCan(
        _ permit: Permit, _ ability: Ability?, withPublic: Bool, isMaximal: Bool, after cursor: QuestionCursor?,
        limit: Int, maxBytes: Int, at now: Timestamp
    ) throws -> [UInt8] {
        guard case .readGraph(let principal?) = permit.operation else { throw AccessRefusal.closed }
        let graph = store.snapshot(at: permit.revision)
        let space = try Space(permit.space)
        var question = WhatCanQuestion(principal: principal, space: space)
        question.ability = ability
        question.withPublic = withPublic
        question.isMaximal = isMaximal
        let page = try Self.named { () throws(GraphError) in
            try graph.whatCan(question, after: cursor, limit: limit, maxBytes: maxBytes, now: now)
        }
        let isOwn = principal == permit.principal
        return QuestionAnswer.whatCan(page, in: graph.asOf(page.revision), readerOf: isOwn ? nil : space)
    }

    /// Writes the ways by which authority in the space came from one principal to another; see `QuestionAnswer.paths`.
    package func paths(_ permit: Permit, from giver: DID, all: Bool, at now: Timestamp) throws -> [UInt8] {
        guard case .readGraph(let holder?) = permit.operation else { throw AccessRefusal.closed }
        let graph = store.snapshot(at: permit.revision)
        let paths = graph.paths(from: giver, to: holder, in: try Space(permit.space), all: all, at: now)
        let isOwn = holder == permit.principal
        return QuestionAnswer.paths(paths, in: graph, at: now, readerOf: isOwn ? nil : try Space(permit.space))
    }

    /// Writes what would follow from some changes; see `WhatIfAnswer.write`. Nothing is changed.
    ///
    /// Throws `NotSpaceOwner` for who does not manage the space, and `MalformedCursor` for a cursor of another question.
    package func whatIf(
        _ permit: Permit, _ changes: [SupposedChange], after cursor: QuestionCursor?, limit: Int, maxBytes: Int,
        at now: Timestamp
    ) throws -> [UInt8] {
        guard case .readGraph = permit.operation else { throw AccessRefusal.closed }
        guard permit.manages else { throw AccessRefusal.notSpaceOwner }
        let graph = store.snapshot(at: permit.revision)
        let question = WhatIfQuestion(changes, unit: try Space(permit.space), asker: (permit.principal, []))
        let page = try Self.named { () throws(GraphError) in
            try graph.whatIf(question, after: cursor, limit: limit, maxBytes: maxBytes, now: now)
        }
        return WhatIfAnswer.write(page, in: graph.asOf(page.revision))
    }

    private static func named<Answer>(_ ask: () throws(GraphError) -> Answer) throws(ATProtoError) -> Answer {
        do throws(GraphError) {
            return try ask()
        } catch {
            throw ATProtoError("MalformedCursor", error.message)
        }
    }
}
