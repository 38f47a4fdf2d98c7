import CapTesting
import Multiformats
import Testing
import UCAN

/// One running service, whose clock stands still, and an owner who signs in to it.
final class Scene {
    /// The instant at which the published vectors are to be served.
    static let start: Int64 = 1_783_684_800

    let service: ServiceProcess
    let wire: Wire
    let owner: EthereumKey
    let session: PrivateKey
    let space: SpaceName
    private(set) var now: Int64

    init(
        in folder: TemporaryFolder = TemporaryFolder(), now: Int64 = Scene.start, options: [String] = []
    ) throws {
        self.now = now
        service = try ServiceProcess(in: folder, clock: now, options: options)
        wire = Wire(service)
        owner = try Cast.wallet(1)
        session = try Cast.key(0x22)
        space = SpaceName(of: owner.did())
    }

    /// Moves the clock of the service and of everything signed from now on.
    func advance(_ seconds: Int64) {
        now += seconds
        service.setClock(now)
    }

    // MARK: signing

    func time(_ after: Int64) -> Timestamp { Timestamp(seconds: now + after) }

    /// A wallet's delegation, by default for a day.
    func cacao(
        _ wallet: EthereumKey, to audience: String, _ capabilities: [TokenCapability], proofs: [CID] = [],
        lasts: Int64? = 86_400, notBefore: Int64? = nil
    ) throws -> UnverifiedToken {
        try TokenMaker.cacao(
            wallet: wallet, audience: audience, capabilities: capabilities, proofs: proofs, domain: "app.example",
            issuedAt: time(-60).rfc3339, expires: lasts.map { time($0).rfc3339 },
            notBefore: notBefore.map { time($0).rfc3339 })
    }

    /// A key's delegation, by default for an hour.
    func ucan(
        _ issuer: PrivateKey, to audience: DID, _ capabilities: [TokenCapability], proofs: [UnverifiedToken],
        lasts: Int64 = 3600, notBefore: Int64? = nil, facts: [JSON] = []
    ) throws -> UnverifiedToken {
        try TokenMaker.ucan(
            issuer: issuer, audience: audience, capabilities: capabilities, proofs: proofs.map(\.cid),
            expires: time(lasts), notBefore: notBefore.map(time), nonce: TokenMaker.freshNonce(), facts: facts)
    }

    func invocation(
        _ invoker: PrivateKey, _ capabilities: [TokenCapability], proofs: [UnverifiedToken], lasts: Int64 = 120,
        facts: [JSON] = [], audience: DID? = nil
    ) throws -> UnverifiedToken {
        try TokenMaker.invocation(
            invoker: invoker, capabilities: capabilities, proofs: proofs.map(\.cid), expires: time(lasts),
            facts: facts, audience: audience)
    }

    // MARK: asking

    @discardableResult
    func delegate(_ token: UnverifiedToken) throws -> RawResponse { try wire.post("/delegate", token) }

    /// Registers a delegation that must be accepted.
    @discardableResult
    func admit(_ token: UnverifiedToken) throws -> UnverifiedToken {
        let response = try delegate(token)
        try #require(response.status == 200, "\(response.status) \(response.text)")
        return token
    }

    /// Hosts the owner's space and registers the session's root delegation, as a client does at sign-in.
    func signIn() throws -> UnverifiedToken {
        try host(space, by: owner)
        return try admit(cacao(owner, to: session.did.text, space.session))
    }

    func host(_ space: SpaceName, by wallet: EthereumKey) throws {
        let key = try wire.get("/peer/generate/\(space.text)").text
        try admit(cacao(wallet, to: key, space.host))
    }

    /// Reads capabilities of a space; `parameters` go into the token's facts.
    func read(
        _ invoker: PrivateKey, proofs: [UnverifiedToken], _ parameters: JSON? = nil, of space: SpaceName? = nil
    ) throws -> RawResponse {
        let facts: [JSON] = parameters.map { [["capabilitiesReadParams": $0]] } ?? []
        let token = try invocation(invoker, (space ?? self.space).readAll, proofs: proofs, facts: facts)
        return try wire.post("/invoke", token)
    }

    /// Lists, and gives the CIDs in their order.
    func list(
        _ invoker: PrivateKey, proofs: [UnverifiedToken], _ filters: JSON, of space: SpaceName? = nil
    ) throws -> [String] {
        let response = try read(invoker, proofs: proofs, ["type": "list", "filters": filters], of: space)
        try #require(response.status == 200, "\(response.status) \(response.text)")
        return response.json["delegations"]?.texts("cid") ?? response.json.keys
    }

    func chain(_ invoker: PrivateKey, proofs: [UnverifiedToken], _ cid: String) throws -> RawResponse {
        try read(invoker, proofs: proofs, ["type": "chain", "delegation_cid": .string(cid)])
    }

    func revoke(
        _ target: UnverifiedToken, by signer: PrivateKey, proofs: [UnverifiedToken] = []
    ) throws -> RawResponse {
        try wire.post(
            "/revoke",
            TokenMaker.revocation(
                issuer: signer, target: target.cid, proofs: proofs.map(\.cid), expires: time(120)))
    }

    func revoke(_ target: UnverifiedToken, by wallet: EthereumKey) throws -> RawResponse {
        try wire.post(
            "/revoke",
            TokenMaker.revocation(
                wallet: wallet, target: target.cid, domain: "app.example", issuedAt: time(0).rfc3339,
                expires: time(600).rfc3339))
    }

    /// Asks for the status of a delegation; gives the whole answer.
    func status(
        of cid: String, by signer: PrivateKey, proofs: [UnverifiedToken] = []
    ) throws -> RawResponse {
        let token = try TokenMaker.status(
            issuer: signer, target: CID(text: cid.utf8), proofs: proofs.map(\.cid), expires: time(120))
        return try wire.post("/delegation/status", token, json: ["cid": .string(cid)])
    }

    /// Asks whether the asker itself may do something.
    func check(
        _ principal: PrivateKey, _ ability: String, _ rest: String, of space: SpaceName? = nil
    ) throws -> RawResponse {
        let token = try invocation(principal, (space ?? self.space).readAll, proofs: [])
        return try wire.post(
            "/authorize", token,
            json: [
                "principal": .string(principal.did.text), "ability": .string(ability),
                "resource": .string((space ?? self.space).resource(rest)),
            ])
    }

    /// The decision on a principal's own question: `allow`, `deny` or `undetermined`.
    func decision(_ principal: PrivateKey, _ ability: String, _ rest: String) throws -> String? {
        try check(principal, ability, rest).json["decision"]?.string
    }

    /// The revision the service has reached.
    func revision() throws -> Int {
        let line = try wire.get("/metrics").text.split(separator: "\n").first {
            $0.hasPrefix("capservice_revision ")
        }
        return try #require(line?.split(separator: " ").last.flatMap { Int($0) })
    }
}
