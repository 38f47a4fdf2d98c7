import ATProto
package import Answers
package import CapabilityGraph
package import Multiformats
package import Storage
package import UCAN

/// Shows the edges of a space and what they amount to: who manages it sees all, others what concerns them
/// (design law 9).
///
/// Every answer is of the revision at which the permit was given.
package struct SpaceGraph: Sendable {
    let store: GraphStore

    package init(store: GraphStore) { self.store = store }

    /// Which edges of a space are listed.
    package struct Filters: Sendable {
        /// For `created` and `received`, and with `principal`: whose; nil for the asker.
        package var principal: DID?
        /// nil for all the asker may see.
        package var direction: ListQuery.Direction?
        package var kinds: Set<EdgeKind>?
        package var statuses: Set<ListQuery.Status> = [.active]
        package var abilities: [Ability]?
        /// Keeps edges on this path and below.
        package var path: String?

        package init() {}
    }

    /// Writes one page of edges, newest first, that ends after `maxBytes`: `{delegations, cursor?, complete, revision}`.
    ///
    /// Throws `MalformedCursor` for a cursor of another listing.
    package func list(
        _ permit: Permit, _ filters: Filters, limit: Int, maxBytes: Int = .max, after cursor: ListCursor?,
        at now: Timestamp
    ) throws -> ListAnswer {
        guard case .readGraph(let principal) = permit.operation, principal == filters.principal else {
            throw AccessRefusal.closed
        }
        let answer = try answer(permit, at: now)
        let space = try Space(permit.space)
        var query = ListQuery(
            space: space,
            asker: try answer.snapshot.asker(invoker: filters.principal ?? permit.principal, proofs: [], at: now))
        query.direction =
            filters.direction ?? (permit.manages && filters.principal == nil ? .all : .concerning)
        // Only who manages a space is shown what concerns nobody it may ask for.
        if query.direction == .all, !permit.manages { query.direction = .concerning }
        query.kinds = filters.kinds
        query.statuses = filters.statuses
        query.abilities = filters.abilities
        query.path = filters.path
        let page: CursorPage
        do throws(GraphError) {
            page = try answer.snapshot.listPage(query, after: cursor, limit: limit, now: now)
        } catch {
            throw ATProtoError("MalformedCursor", error.message)
        }
        return ListAnswer(answer, page: page, maxBytes: maxBytes)
    }

    /// Writes an edge and all it rests on, each before its proofs: `{chain, revision}`.
    ///
    /// Throws `EdgeNotFound` for an edge that is not there and for one the asker may not see.
    package func chain(_ permit: Permit, of id: Multihash, at now: Timestamp) throws -> ListAnswer {
        guard case .readGraph = permit.operation else { throw AccessRefusal.closed }
        let answer = try answer(permit, at: now)
        let graph = answer.snapshot
        guard let leaf = graph.edge(id), graph.touches(leaf, try Space(permit.space)),
            permit.manages || graph.concerns(leaf, permit.principal)
        else { throw AccessRefusal.edgeNotFound }
        guard let chain = graph.chain(of: leaf) else {
            throw ATProtoError("ChainTooLarge", "the edge rests on more edges than a chain may show")
        }
        return ListAnswer(answer, chain: chain, withRevision: true)
    }

    /// Says whether a principal has an ability on the space or a path in it, by which edges, and why:
    /// `{decision, chain, reason, revision}`, and explained also `explain` and what `QuestionAnswer.writeWhy` writes.
    package func check(
        _ permit: Permit, _ ability: Ability, path: String?, explained: Bool, at now: Timestamp
    ) throws -> [UInt8] {
        guard case .readGraph(let principal?) = permit.operation else { throw AccessRefusal.closed }
        let graph = store.snapshot(at: permit.revision)
        let question = CheckQuestion(
            principal: principal, ability: ability, resource: try Self.resource(permit.space, path, graph.families))
        let decision = graph.answer(question, at: now)
        var json = JSONWriter(reserving: 2048)
        json.beginObject()
        DecisionAnswer(snapshot: graph, now: now).writeMembers(
            decision, principal: principal, into: &json)
        json.key("revision")
        json.int(graph.revision)
        if explained {
            json.key("explain")
            let viewer = permit.manages ? QuestionViewer.reader : .party(principal, knowsUnit: true)
            let explanation = graph.told(graph.explain(question, at: now), to: viewer)
            ExplanationAnswer(snapshot: graph, now: now).write(explanation, into: &json)
            QuestionAnswer.writeWhy(question, decision, in: graph, at: now, for: viewer, into: &json)
        }
        json.endObject()
        return json.bytes
    }

    static func resource(
        _ space: SpaceURI, _ path: String?, _ families: Families
    ) throws(ATProtoError) -> Resource {
        let text = path.map { "\(space.text)/\($0)" } ?? space.text
        guard let resource = try? families.resource(text) else {
            throw ATProtoError("InvalidRequest", "`path` is `<did>[/<collection>[/<rkey>]]`")
        }
        return resource
    }

    private func answer(_ permit: Permit, at now: Timestamp) throws -> DelegationAnswer {
        let graph = store.snapshot(at: permit.revision)
        let space = try Space(permit.space)
        let asker = try graph.asker(invoker: permit.principal, proofs: [], at: now)
        return DelegationAnswer(
            snapshot: graph, tokens: store.tokens, viewer: .reader(of: space, asker), now: now)
    }
}
