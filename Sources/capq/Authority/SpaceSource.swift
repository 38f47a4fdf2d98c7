import ATProto
import CapClient
import CapabilityGraph
import Multiformats
import UCAN

/// Asks a service about the authority graph of a permissioned space, with the session of an account.
struct SpaceSource: AuthoritySource {
    private static let methods = "dev.capabilitygraph.graph."

    let acting: ActingAccount
    let uri: SpaceURI

    var now: Timestamp { acting.now }
    var space: String? { uri.text }
    var invoker: DID? { try? DID(acting.did) }

    func list(_ question: ListQuestion) throws(CommandError) -> DelegationPage {
        guard !question.isAboutAccount else {
            throw .usage("`--account` is not about permissioned spaces", hint: "`capq space ls` lists those")
        }
        var asked = [(name: "space", value: uri.text), (name: "limit", value: String(question.limit))]
        if let typed = question.principal { asked.append(("did", try principal(typed).text)) }
        // Without a direction everything is listed that the account may see.
        if question.direction != .all { asked.append(("direction", question.direction.rawValue)) }
        asked += question.kinds.map { ("kind", $0) }
        asked += question.statuses.map { ("status", $0) }
        asked += question.abilities.map { ("ability", $0) }
        if let path = question.path { asked.append(("path", path)) }
        if let cursor = question.cursor { asked.append(("cursor", cursor)) }
        let answer = try acting.query(Self.methods + "listEdges", asked)
        return try CommandError.ofService { () throws(ClientError) in try DelegationPage(answer.serialized()) }
    }

    func chain(_ cid: CID) throws(CommandError) -> DelegationChain {
        let answer = try acting.query(Self.methods + "getChain", [("space", uri.text), ("edge", cid.text)])
        return try CommandError.ofService { () throws(ClientError) in try DelegationChain(answer.serialized()) }
    }

    func check(_ question: DecisionQuestion) throws(CommandError) -> AuthorizeAnswer {
        guard question.context == nil, question.at == nil else {
            throw .usage("`--given` and `--at` are not about permissioned spaces")
        }
        var asked = [
            (name: "space", value: uri.text), (name: "did", value: question.principal.text),
            (name: "ability", value: question.ability),
        ]
        if let path = try path(of: question.resource) { asked.append(("path", path)) }
        if question.wantsExplanation { asked.append(("explain", "true")) }
        let answer = try acting.query(Self.methods + "check", asked)
        let told = Self.withoutContext(answer)
        return try CommandError.ofService { () throws(ClientError) in try AuthorizeAnswer(told.serialized()) }
    }

    /// Leaves out commands that would ask with a context, which is not said of permissioned spaces.
    private static func withoutContext(_ answer: JSON) -> JSON {
        guard var object = answer.object, let fixes = object["fixes"]?.array else { return answer }
        object["fixes"] = .array(
            fixes.map { fix in
                guard fix["class"]?.number?.int64 == 0, var fix = fix.object else { return fix }
                fix["command"] = nil
                return .object(fix)
            })
        return .object(object)
    }

    func ask(_ question: AuthorityQuestion) throws(CommandError) -> JSON {
        guard question.context == nil, question.at == nil else {
            throw .usage("`--given` and `--at` are not about permissioned spaces")
        }
        switch question.kind {
        case .whoCan(let ability, let resource, let kinds):
            var asked = parameters(of: question)
            asked.append(("ability", ability))
            if let path = try path(of: resource) { asked.append(("path", path)) }
            asked += kinds.map { ("kind", $0) }
            return try acting.query(Self.methods + "whoCan", asked)
        case .whatCan(let principal, let ability, let withPublic, let isMaximal):
            var asked = parameters(of: question)
            asked.append(("did", principal.text))
            if let ability { asked.append(("ability", ability)) }
            if withPublic { asked.append(("public", "true")) }
            if isMaximal { asked.append(("maximal", "true")) }
            return try acting.query(Self.methods + "whatCan", asked)
        case .path(let giver, let holder, let all):
            var asked = parameters(of: question)
            asked += [("from", giver.text), ("to", holder.text)]
            if all { asked.append(("all", "true")) }
            return try acting.query(Self.methods + "findPath", asked)
        case .whatIf(let changes):
            var input = JSONObject()
            input["space"] = .string(uri.text)
            input["changes"] = .array(changes)
            question.writePage(&input)
            return try acting.procedure(Self.methods + "simulate", input)
        }
    }

    /// The space, and which page is asked for, where the answer comes in pages.
    private func parameters(of question: AuthorityQuestion) -> [(name: String, value: String)] {
        var asked = [(name: "space", value: uri.text)]
        guard question.isPaged else { return asked }
        asked.append(("limit", String(question.limit)))
        if let cursor = question.cursor { asked.append(("cursor", cursor)) }
        return asked
    }

    /// What of a resource lies below the space; nil for the space itself.
    private func path(of resource: String) throws(CommandError) -> String? {
        guard !resource.hasSameBytes(as: uri.text) else { return nil }
        guard resource.utf8.starts(with: "\(uri.text)/".utf8) else {
            throw .usage("`\(resource)` lies in another space")
        }
        return String(resource.dropFirst(uri.text.count + 1))
    }

    func status(_ cid: CID) throws(CommandError) -> DelegationStatus {
        do throws(CommandError) {
            let status = try chain(cid).links.first?.status
            return DelegationStatus(cid: cid.text, status: status == "live" ? "active" : status ?? "not_found")
        } catch {
            guard error.exit == .notFound else { throw error }
            return DelegationStatus(cid: cid.text, status: "not_found")
        }
    }

    /// Ends an edge, and all that rests on it.
    func revoke(_ cid: CID) throws(CommandError) {
        var input = JSONObject()
        input["space"] = .string(uri.text)
        input["edge"] = .string(cid.text)
        let answer = try acting.procedure(Self.methods + "revoke", input)
        guard answer["revoked"]?.bool ?? false else { throw CommandError(.failure, "the service revoked nothing") }
    }

    /// Reads a handle or DID, and any other principal edges name: a session, a key, an application, `anyone`.
    func principal(_ typed: String, keys: KeyStore) throws(CommandError) -> DID { try principal(typed) }

    private func principal(_ typed: String) throws(CommandError) -> DID {
        let isWhole = typed.utf8.contains(UInt8(ascii: ":")) || typed.hasSameBytes(as: "anyone")
        let text = isWhole ? typed : try acting.principal(typed)
        do throws(GraphError) {
            return try Families.standard().principal(text)
        } catch {
            throw .usage(error.message)
        }
    }

    /// Completes `AUTHOR/…` by the space, and nothing but `space` to the space itself.
    func resource(_ typed: String) throws(CommandError) -> String {
        if SpaceChoice.isSpace(typed) { return typed }
        if typed.hasSameBytes(as: "space") { return uri.text }
        let parts = typed.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let author = try acting.principal(parts[0])
        return "\(uri.text)/\(author)" + (parts.count == 2 ? "/\(parts[1])" : "")
    }
}
