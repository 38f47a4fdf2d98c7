import CapClient
import Multiformats
import UCAN

/// Asks a service, signing each question.
struct ServiceSource: AuthoritySource {
    private let signed: Invoker

    init(signed: Invoker) {
        self.signed = signed
    }

    var now: Timestamp { signed.now }
    var space: String? { signed.space }
    var invoker: DID? { signed.signer?.did }

    func list(_ question: ListQuestion) throws(CommandError) -> DelegationPage {
        guard !question.isAboutAccount else { return try listAccount(question) }
        var filters = JSONObject()
        filters["direction"] = .string(question.direction.rawValue)
        if let path = question.path { filters["path"] = .string(path) }
        if !question.abilities.isEmpty { filters["actions"] = .array(question.abilities.map { .string($0) }) }
        if !question.statuses.isEmpty { filters["status"] = .array(question.statuses.map { .string($0) }) }
        var parameters = JSONObject()
        parameters["type"] = "list"
        parameters["filters"] = .object(filters)
        parameters["limit"] = .number(JSONNumber(question.limit))
        if let cursor = question.cursor { parameters["cursor"] = .string(cursor) }
        let body = try readCapabilities(.object(parameters))
        return try CommandError.ofService { () throws(ClientError) in try DelegationPage(body) }
    }

    func chain(_ cid: CID) throws(CommandError) -> DelegationChain {
        let body = try readCapabilities(["type": "chain", "delegation_cid": .string(cid.text)])
        return try CommandError.ofService { () throws(ClientError) in try DelegationChain(body) }
    }

    func check(_ question: DecisionQuestion) throws(CommandError) -> AuthorizeAnswer {
        var body = JSONObject()
        body["principal"] = .string(question.principal.text)
        body["ability"] = .string(question.ability)
        body["resource"] = .string(question.resource)
        if let context = question.context { body["context"] = context }
        if let at = question.at { body["at"] = .string(at.rfc3339) }
        if question.wantsExplanation { body["explain"] = true }
        let token = try readingInvocation(of: question.resource)
        return try CommandError.ofService { () throws(ClientError) in
            try signed.client.authorize(body: .object(body), authorization: token.authorization())
        }
    }

    func ask(_ question: AuthorityQuestion) throws(CommandError) -> JSON {
        var body = JSONObject()
        if let at = question.at { body["at"] = .string(at.rfc3339) }
        let place: String
        switch question.kind {
        case .whoCan(let ability, let resource, let kinds):
            body["ability"] = .string(ability)
            body["resource"] = .string(resource)
            if !kinds.isEmpty { body["kinds"] = .array(kinds.map { .string($0) }) }
            if let context = question.context { body["context"] = context }
            place = resource
        case .whatCan(let principal, let ability, let withPublic, let isMaximal):
            place = try spaceAsked(question, about: principal, &body)
            body["principal"] = .string(principal.text)
            if let ability { body["ability"] = .string(ability) }
            if withPublic { body["public"] = true }
            if isMaximal { body["maximal"] = true }
        case .path(let giver, let holder, let all):
            place = try spaceAsked(question, about: holder, &body)
            body["from"] = .string(giver.text)
            body["to"] = .string(holder.text)
            if all { body["all"] = true }
        case .whatIf(let changes):
            place = try spaceNamed(question, &body)
            body["changes"] = .array(changes)
        }
        question.writePage(&body)
        let token = try readingInvocation(of: place)
        return try CommandError.ofService { () throws(ClientError) in
            try signed.client.question(
                question.name, body: .object(body), authorization: token.authorization())
        }
    }

    /// About itself somebody asks wherever it likes; about others in the space that it may read.
    private func spaceAsked(
        _ question: AuthorityQuestion, about principal: DID, _ body: inout JSONObject
    ) throws(CommandError) -> String {
        guard question.space != nil || principal != invoker else { return try requireSpace() }
        return try spaceNamed(question, &body)
    }

    /// Names the space that is asked about: that of the question, or the one asked about when it names none.
    private func spaceNamed(_ question: AuthorityQuestion, _ body: inout JSONObject) throws(CommandError) -> String {
        let space = if let named = question.space { named } else { try requireSpace() }
        body["space"] = .string(space)
        return space
    }

    /// Signs an invocation of the right to ask about others: `tinycloud.capabilities/read` on the space of a resource.
    private func readingInvocation(of resource: String) throws(CommandError) -> UnverifiedToken {
        let place = SpaceText.space(of: resource).map { "\($0)/capabilities/all" } ?? resource
        return try signed.invocation("tinycloud.capabilities/read", on: place)
    }

    func status(_ cid: CID) throws(CommandError) -> DelegationStatus {
        let token = try signed.invocation("tinycloud.delegation/status", on: "urn:cid:\(cid.text)")
        return try CommandError.ofService { () throws(ClientError) in
            try signed.client.status(authorization: token.authorization(), cid: cid.text)
        }
    }

    /// Lists what the account of the space granted or received anywhere: `tinycloud.delegation/list`.
    private func listAccount(_ question: ListQuestion) throws(CommandError) -> DelegationPage {
        var filter = JSONObject()
        switch question.direction {
        case .created: filter["direction"] = "granted"
        case .received: filter["direction"] = "received"
        case .all: filter["direction"] = "all"
        }
        filter["status"] = .string(question.statuses.first ?? "active")
        filter["limit"] = .number(JSONNumber(min(question.limit, 100)))
        if let cursor = question.cursor { filter["cursor"] = .string(cursor) }
        let token = try signed.invocation("tinycloud.delegation/list", on: "\(try requireSpace())/delegation")
        return try CommandError.ofService { () throws(ClientError) in
            try DelegationPage(
                account: signed.client.query(authorization: token.authorization(), body: .object(filter)))
        }
    }

    /// Reads delegations of the space: `tinycloud.capabilities/read` on `<space>/capabilities/all`.
    private func readCapabilities(_ parameters: JSON) throws(CommandError) -> [UInt8] {
        let space = try requireSpace()
        let token = try signed.invocation(
            "tinycloud.capabilities/read",
            on: "\(space)/capabilities/all",
            facts: [["capabilitiesReadParams": parameters]]
        )
        return try CommandError.ofService { () throws(ClientError) in
            try signed.client.invoke(authorization: token.authorization())
        }
    }
}
