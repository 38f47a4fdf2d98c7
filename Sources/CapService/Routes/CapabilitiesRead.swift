import Answers
import CapabilityGraph
import Multiformats
import Storage
import UCAN

extension Service {
    /// Answers `tinycloud.capabilities/read` on `<space>/capabilities/all`: everything, a list, or a chain
    /// (tinycloud.md 8).
    func readCapabilities(
        of space: Space, _ question: InvocationQuestion, _ token: Token, _ snapshot: Snapshot, at now: Timestamp
    ) throws(ErrorAnswer) -> HTTPResponse {
        let parameters = try CapabilitiesReadParameters(facts: token.facts, settings: settings)
        let asker: AskerIdentity
        do throws(GraphError) {
            asker = try snapshot.asker(invoker: question.invoker, proofs: question.proofs, at: now)
        } catch {
            throw ErrorAnswer(503, error.code.rawValue, error.message)
        }
        let delegation = DelegationAnswer(
            snapshot: snapshot, tokens: store.tokens, viewer: .reader(of: space, asker), now: now,
            parentsAsBytes: settings.parentsAsBytes, rows: rows)
        switch parameters {
        case .chain(let cid): return try chain(cid, of: space, delegation)
        case .list(let filters):
            let query = filters.query(space, asker)
            guard let limit = filters.limit else { return try whole(query, delegation) }
            return try page(query, filters.cursor, limit, delegation)
        }
    }

    private func chain(_ cid: CID, of space: Space, _ delegation: DelegationAnswer) throws(ErrorAnswer) -> HTTPResponse
    {
        let snapshot = delegation.snapshot
        // Unknown and not visible are one answer.
        guard let leaf = snapshot.edge(cid.hash), snapshot.touches(leaf, space) else {
            throw ErrorAnswer(404, "notFound", "Delegation not found")
        }
        guard let chain = snapshot.chain(of: leaf) else {
            throw ErrorAnswer(401, "chainLimitExceeded", "delegation-chain-traversal-limit-exceeded")
        }
        return try listing(ListAnswer(delegation, chain: chain))
    }

    private func page(
        _ query: ListQuery, _ cursor: ListCursor?, _ limit: Int, _ delegation: DelegationAnswer
    ) throws(ErrorAnswer) -> HTTPResponse {
        let page: CursorPage
        do throws(GraphError) {
            page = try delegation.snapshot.listPage(query, after: cursor, limit: limit, now: delegation.now)
        } catch {
            throw ErrorAnswer(400, error.code.rawValue, error.message)
        }
        return try listing(ListAnswer(delegation, page: page, maxBytes: settings.maxPageBytes))
    }

    private func whole(_ query: ListQuery, _ delegation: DelegationAnswer) throws(ErrorAnswer) -> HTTPResponse {
        let walk = delegation.snapshot.walk(query, now: delegation.now)
        if settings.maxListRows > 0 {
            var counting = walk
            var count = 0
            while count <= settings.maxListRows, counting.next() != nil { count += 1 }
            guard count <= settings.maxListRows else {
                throw ErrorAnswer(
                    413, "tooManyRows",
                    "the listing has more than \(settings.maxListRows) rows; ask for pages with `limit` and `cursor`")
            }
        }
        return try listing(ListAnswer(delegation, walk: walk))
    }

    private func listing(_ answer: consuming ListAnswer) throws(ErrorAnswer) -> HTTPResponse {
        let revision = String(answer.revision)
        do throws(StorageError) {
            var response = try HTTPResponse(answer)
            response.headers.append(("X-Capability-Revision", revision))
            return response
        } catch {
            throw ErrorAnswer(.storage(error))
        }
    }

    func stored(_ make: () throws(StorageError) -> HTTPResponse) throws(ErrorAnswer) -> HTTPResponse {
        do throws(StorageError) {
            return try make()
        } catch {
            throw ErrorAnswer(.storage(error))
        }
    }
}
