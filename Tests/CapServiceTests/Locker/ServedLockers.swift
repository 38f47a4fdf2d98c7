import CapabilityGraph
import Multiformats
import Spaces
import Storage
import UCAN

@testable import CapService

/// Lockers as a service has them: a route by which whoever may lend has a key stated for somebody.
struct ServedLockers: ServedFamily {
    func kept() -> any StoreFamily { LockerKeeper() }

    var routes: [ServiceRoute] {
        [
            ServiceRoute("lockerKeys", .post, "/locker/keys") { service, request, _, answer throws(ErrorAnswer) in
                try Self.lend(service, request, answer)
            }
        ]
    }

    /// `{place, holder, ability, from?, until?}` with an invocation of `locker/lend` → `{key}`; a locker is hosted with the
    /// first key to it.
    private static func lend(_ service: Service, _ request: HTTPRequest, _ answer: Answer) throws(ErrorAnswer) {
        let now = try service.now()
        let invocation = try service.verifiedInvocation(try service.decode(request), at: now, isCounted: true).question
        guard let body = try? JSON.parse(request.body), let place = body["place"]?.string,
            let resource = try? service.store.families.resource(place), let locker = resource.space,
            let holder = body["holder"]?.string.flatMap({ try? service.store.families.principal($0) }),
            let ability = body["ability"]?.string.flatMap({ try? Ability($0) })
        else { throw ErrorAnswer(400, "malformedKey", "the key names no place, holder and ability", form: .json) }
        var caveats = Caveats.none
        if let from = body["from"]?.number?.int64, let until = body["until"]?.number?.int64 {
            caveats = Caveats([OpeningHours(from..<until).json])
        }
        let capability = Capability(resource: resource, ability: ability, caveats: caveats)
        service.store.transact(at: now) { change -> Result<CID, ErrorAnswer> in
            let decision = change.graph.answer(
                invocation, wanted: (.lend, resource), context: nil, at: now)
            guard case .allow(let allowance) = decision else {
                return .failure(ErrorAnswer(403, "mayNotLend", "only who may lend has keys made", form: .json))
            }
            // Who lends by a key of its own lends on what that gives.
            var statement = HostStatement(
                kind: .lockerKey, issuer: locker.owner, audience: holder, capabilities: [capability],
                actor: invocation.invoker, facts: ["locker": .text(locker.text)])
            if let leaf = allowance.route.first {
                statement.issuer = invocation.invoker
                statement.proofs = [leaf.edge]
            }
            try change.host(locker)
            return .success(change.graph.view(try change.admit(statement)).cid)
        } then: { result in
            answer.finish { () throws(ErrorAnswer) in
                switch result {
                case .success(.success(let cid)):
                    let made: JSON = ["key": .string(cid.text)]
                    return .json(made.serialized())
                case .success(.failure(let failure)): throw failure
                case .failure(let refusal as Refusal): throw ErrorAnswer(refusal, status: 403)
                case .failure(let error):
                    throw ErrorAnswer(500, "internal", "the key could not be kept", form: .json, detail: "\(error)")
                }
            }
        }
    }
}
