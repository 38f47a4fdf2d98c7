import CapTesting
import Multiformats
import Storage
import Testing
import UCAN

@testable import CapService

/// A service of this process that serves lockers beside the families of the product, and the owner of one.
final class LockerScene {
    static let now: Int64 = 1_783_684_800

    let folder: TemporaryFolder
    let service: Service
    let wire: Wire
    let url: String
    private let server: HTTPServer
    let owner: PrivateKey
    let locker: String

    static let families = ServedFamilies(ServedFamilies.standard.all + [ServedLockers()])

    /// With `clock` nil the service has the clock of the machine.
    init(
        in folder: TemporaryFolder = TemporaryFolder(), clock: Int64? = LockerScene.now,
        _ change: (inout Settings) -> Void = { _ in }
    ) throws {
        self.folder = folder
        var settings = Settings()
        settings.data = folder.path
        if let clock {
            folder.write("\(clock)\n", to: "clock")
            settings.clockFile = folder.path + "/clock"
        }
        change(&settings)
        service = try Service(settings, families: Self.families, log: .off)
        server = try HTTPServer(
            listen: HTTPListenAddress(ip: "127.0.0.1", port: 0), limits: settings.http, threads: 1,
            handler: ServiceHandler(service), log: .off)
        let port = try server.start()
        url = "http://127.0.0.1:\(port)"
        service.address.listens(at: url)
        wire = Wire(port)
        owner = try Cast.key(0x71)
        locker = "locker:\(owner.did):tools"
    }

    deinit { stop() }

    private var isStopped = false

    /// Ends the service, once.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        server.stop(deadline: .milliseconds(200))
        service.pool.stop(deadline: .seconds(5))
        service.spaces.stop()
        service.store.close()
    }

    private func time(_ after: Int64) -> Timestamp { Timestamp(seconds: Self.now + after) }

    func can(_ ability: String, _ rest: String = "", caveats: [JSON] = []) throws -> TokenCapability {
        try TokenCapability(resource: locker + rest, ability: ability, caveats: caveats)
    }

    func invocation(
        _ invoker: PrivateKey, _ capability: TokenCapability, proofs: [CID] = [], facts: [JSON] = []
    ) throws -> UnverifiedToken {
        try TokenMaker.invocation(
            invoker: invoker, capabilities: [capability], proofs: proofs, expires: time(120), facts: facts,
            audience: nil)
    }

    func ucan(
        _ issuer: PrivateKey, to audience: DID, _ capability: TokenCapability, proofs: [CID] = []
    ) throws -> UnverifiedToken {
        try TokenMaker.ucan(
            issuer: issuer, audience: audience, capabilities: [capability], proofs: proofs, expires: time(3600),
            notBefore: nil, nonce: TokenMaker.freshNonce(), facts: [])
    }

    /// Has a key stated; gives its CID.
    func lend(
        _ ability: String, _ rest: String = "", to holder: PrivateKey, by lender: PrivateKey? = nil,
        hours: Range<Int>? = nil
    ) throws -> String {
        let answer = try askToLend(ability, rest, to: holder, by: lender, hours: hours)
        return try #require(answer.json["key"]?.string, "\(answer.status) \(answer.text)")
    }

    func askToLend(
        _ ability: String, _ rest: String = "", to holder: PrivateKey, by lender: PrivateKey? = nil,
        hours: Range<Int>? = nil
    ) throws -> RawResponse {
        var body = JSONObject()
        body["place"] = .string(locker + rest)
        body["holder"] = .string(holder.did.text)
        body["ability"] = .string(ability)
        if let hours {
            body["from"] = .number(JSONNumber(hours.lowerBound))
            body["until"] = .number(JSONNumber(hours.upperBound))
        }
        return try wire.post(
            "/locker/keys", invocation(lender ?? owner, can("locker/lend", rest)), json: .object(body))
    }

    /// What `/authorize` answers the owner about somebody.
    func ask(
        _ principal: PrivateKey, _ ability: String, _ rest: String = "/box1", context: JSON? = nil,
        explain: Bool = false
    ) throws -> JSON {
        var body = JSONObject()
        body["principal"] = .string(principal.did.text)
        body["ability"] = .string(ability)
        body["resource"] = .string(locker + rest)
        if let context { body["context"] = context }
        if explain { body["explain"] = true }
        return try wire.post(
            "/authorize", invocation(owner, can("tinycloud.capabilities/read", "/capabilities/all")),
            json: .object(body)
        ).json
    }

    /// `allow`, or the code of the refusal.
    func decision(
        _ principal: PrivateKey, _ ability: String, _ rest: String = "/box1", context: JSON? = nil
    ) throws -> String {
        let answer = try ask(principal, ability, rest, context: context)
        let word = answer["decision"]?.string ?? "\(answer)"
        return word == "deny" ? answer["reason"]?["code"]?.string ?? word : word
    }

    func read(_ parameters: JSON) throws -> RawResponse {
        try wire.post(
            "/invoke",
            invocation(
                owner, can("tinycloud.capabilities/read", "/capabilities/all"),
                facts: [["capabilitiesReadParams": parameters]]))
    }

    func revoke(_ cid: String, by signer: PrivateKey) throws -> RawResponse {
        try wire.post(
            "/revoke",
            TokenMaker.revocation(
                issuer: signer, target: CID(text: cid.utf8), proofs: [], expires: time(120)))
    }
}
