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
        // The right to ask about others is `tinycloud.capabilities/read` on the space the resource lies in.
        let place = SpaceText.space(of: question.resource).map { "\($0)/capabilities/all" } ?? question.resource
        let token = try signed.invocation("tinycloud.capabilities/read", on: place)
        return try CommandError.ofService { () throws(ClientError) in
            try signed.client.authorize(body: .object(body), authorization: token.authorization())
        }
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
