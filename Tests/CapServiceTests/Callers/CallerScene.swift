import ATProto
import CapTesting
import CapabilityGraph
import Identity
import Multiformats
import Spaces
import Storage
import Testing
import UCAN

@testable import CapService

/// A service whose methods tell who calls them, its clock, and another host that publishes what the test wants.
final class CallerScene {
    static let start: Int64 = 1_790_000_000

    let folder = TemporaryFolder()
    /// Publishes `files` by path.
    let elsewhere: StubHost
    let files: Locked<[String: String]>
    private(set) var now = start
    private let change: (inout Settings) -> Void
    private(set) var test: XRPCTestService

    init(change: @escaping (inout Settings) -> Void = { _ in }) throws {
        let files = Locked<[String: String]>([:])
        self.files = files
        elsewhere = StubHost { asked in
            files.withLock { $0[asked.target] }.map { StubHost.Reply(200, $0) } ?? StubHost.Reply(404)
        }
        self.change = change
        test = try Self.serve(folder, Self.start, change)
    }

    private static func serve(
        _ folder: TemporaryFolder, _ now: Int64, _ change: (inout Settings) -> Void
    ) throws -> XRPCTestService {
        folder.write("\(now)\n", to: "clock")
        return try XRPCTestService(methods) { settings in
            settings.data = folder.path
            settings.clockFile = folder.path + "/clock"
            settings.allowsLoopbackPeers = true
            settings.registration = .open
            change(&settings)
        }
    }

    /// Ends the service and starts it again on the same data.
    func restart() throws {
        test.stop()
        test = try Self.serve(folder, now, change)
    }

    func advance(_ seconds: Int64) {
        now += seconds
        folder.write("\(now)\n", to: "clock")
    }

    var time: Timestamp { Timestamp(seconds: now) }
    var url: String { "http://127.0.0.1:\(test.port)" }

    // MARK: Who publishes what

    /// Publishes the document of a DID of the other host; gives the DID.
    @discardableResult
    func publish(_ name: String, _ keys: [String: PrivateKey]) throws -> String {
        let did = "did:web:127.0.0.1%3A\(elsewhere.port):\(name)"
        let document = try DIDDocument.make(
            did: did, handle: nil, keys: keys.map { ($0.key, $0.value.publicKey) },
            services: [(ServiceID.personalDataServer, "AtprotoPersonalDataServer", elsewhere.url)])
        serve("/\(name)/did.json", document.json)
        return did
    }

    func serve(_ path: String, _ json: JSON) {
        let text = String(decoding: json.serialized(), as: UTF8.self)
        files.withLock { $0[path] = text }
    }

    /// Makes an account here that signs with a key of the test.
    func account(_ name: String, _ key: PrivateKey? = nil) throws -> (did: String, access: String, refresh: String) {
        let handle = try Handle("\(name).localhost")
        let did = try test.service.address.domains().did(for: handle)
        let (account, tokens) = try test.service.accounts.create(
            NewAccount(
                handle: handle, password: "a secret of hers", did: DID(did), key: key.map { .imported($0) } ?? .fresh),
            at: time)
        return (account.did.text, tokens.access, tokens.refresh)
    }

    // MARK: Calls

    func get(_ name: String, _ query: String = "", _ headers: [String]) throws -> JSON {
        Self.told(try test.get(name + (query.isEmpty ? "" : "?" + query), headers: headers))
    }

    func post(_ name: String, _ body: JSON = [:], _ headers: [String]) throws -> JSON {
        Self.told(try test.post(name, body, headers: headers))
    }

    /// What the method told of its caller, or `<status> <name>` of the refusal.
    private static func told(_ response: RawResponse) -> JSON {
        guard response.status != 200 else { return response.json }
        return .string("\(response.status) \(response.json["error"]?.string ?? response.text)")
    }

    /// A DPoP proof for a call here.
    func proof(
        _ key: PrivateKey, _ method: String, _ name: String, token: String?, id: String = TokenID.random()
    ) throws -> String {
        try DPoPProof.make(
            for: DPoPProof.Request(method: method, url: "\(url)/xrpc/\(name)", accessToken: token), key: key, at: time,
            id: id)
    }

    // MARK: The methods

    static let getRecord = "com.atproto.space.getRecord"
    static let listRepos = "com.atproto.space.listRepos"
    static let exchange = "com.atproto.space.getSpaceCredential"
    static let notifyWrite = "com.atproto.space.notifyWrite"

    private static let methods: [XRPCMethod] =
        [
            .query(getRecord) { try tell($0) },
            .query(listRepos) { try tell($0) },
            .procedure(notifyWrite) { try tell($0) },
            .procedure(exchange) { call in
                let found = try call.delegationCaller(for: try call.space())
                if try call.input.optionalFlag("consume") ?? true {
                    try call.service.store.transact(at: call.now) { change in
                        for use in [found.proof, found.token.use].compactMap({ $0 }) {
                            guard try change.use(use.mark(of: found.user)) else { throw use.replayed }
                        }
                    }
                }
                return .json(["user": .string(found.user.text), "key": .string(found.key.text)])
            },
        ] + ServerRoutes.methods + SessionRoutes.methods

    private static func tell(_ call: XRPCCall) throws -> XRPCOutput {
        // Asking twice uses up nothing twice.
        _ = try call.caller()
        return .json(words(try call.caller()))
    }

    private static func words(_ caller: Caller) -> JSON {
        switch caller {
        case .anonymous: return ["kind": "anonymous"]
        case .account(let did, let session, let grant):
            var words: JSONObject = JSONObject()
            words["kind"] = "account"
            words["did"] = .string(did.text)
            words["session"] = .string(session.text)
            switch grant {
            case .full: words["grant"] = "full"
            case .appPassword: words["grant"] = "appPassword"
            case .oauth(let scopes, let client, _, _):
                words["grant"] = .string("oauth " + client)
                words["scopes"] = .array(scopes.map { .string($0.text) })
            }
            return .object(words)
        case .service(let issuer, let audience, let method, _):
            return [
                "kind": "service", "did": .string(issuer.text), "audience": .string(audience),
                "method": .string(method),
            ]
        case .invocation(let question):
            return [
                "kind": "invocation", "did": .string(question.invoker.text),
                "on": .array(question.capabilities.map { .string($0.resource.text) }),
            ]
        case .credential(let space, let key, let edge, let jti, _):
            return [
                "kind": "credential", "space": .string(space.text), "did": .string(key.text), "jti": .string(jti),
                "edge": .string(Base16.encode(edge.digest.bytes)),
            ]
        case .delegation: return ["kind": "delegation"]
        }
    }
}

/// Signs whatever header and claims a test wants, so that only the wanted fault is in the token.
enum Forged {
    static func token(_ header: JSON, _ claims: JSON, _ key: PrivateKey) throws -> String {
        let input = Base64URL.encode(header.serialized()) + "." + Base64URL.encode(claims.serialized())
        return input + "." + Base64URL.encode(try TokenSignature.make(Array(input.utf8), by: key))
    }

    /// Signs a token again with some claims, or members of its header, replaced; null takes one away.
    static func changing(
        _ token: String, header: [String: JSON] = [:], _ claims: [String: JSON] = [:], by key: PrivateKey
    ) throws -> String {
        var parts = try token.split(separator: ".").prefix(2).map { part in
            try JSON.parse(Base64URL.decode(part.utf8) ?? []).object ?? JSONObject()
        }
        for (name, value) in header { parts[0][name] = value.isNull ? nil : value }
        for (name, value) in claims { parts[1][name] = value.isNull ? nil : value }
        return try self.token(.object(parts[0]), .object(parts[1]), key)
    }
}
