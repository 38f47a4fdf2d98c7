import CapTesting
import Multiformats
import Testing

/// A running service with open registration, and clients that sign in to it.
final class AccountScene {
    struct Signed {
        let did: String
        let handle: String
        let access: String
        let refresh: String

        init(_ json: JSON) throws {
            did = try #require(json["did"]?.string)
            handle = try #require(json["handle"]?.string)
            access = try #require(json["accessJwt"]?.string)
            refresh = try #require(json["refreshJwt"]?.string)
        }
    }

    static let start: Int64 = 1_790_000_000
    private(set) var now = start
    let service: ServiceProcess
    let wire: Wire

    init(
        in folder: TemporaryFolder = TemporaryFolder(), clock: Int64? = start,
        options: [String] = ["--registration", "open"]
    ) throws {
        service = try ServiceProcess(in: folder, clock: clock, options: options)
        wire = Wire(service)
    }

    func advance(_ seconds: Int64) {
        now += seconds
        service.setClock(now)
    }

    func get(_ path: String, _ token: String? = nil) throws -> RawResponse {
        try wire.get("/xrpc/\(path)", headers: token.map { ["Authorization: Bearer \($0)"] } ?? [])
    }

    func post(_ name: String, _ token: String? = nil, _ json: JSON? = nil) throws -> RawResponse {
        try wire.post("/xrpc/\(name)", authorization: token.map { "Bearer \($0)" }, body: json?.serialized())
    }

    @discardableResult
    func create(_ name: String, password: String = "a secret of hers") throws -> Signed {
        let made = try post(
            "com.atproto.server.createAccount", nil,
            ["handle": .string("\(name).localhost"), "password": .string(password)])
        try #require(made.status == 200, "\(made.text)")
        return try Signed(made.json)
    }

    func login(_ identifier: String, _ password: String = "a secret of hers") throws -> RawResponse {
        try post(
            "com.atproto.server.createSession", nil,
            ["identifier": .string(identifier), "password": .string(password)])
    }

    /// The handle that a token's session is of; nil when it is refused.
    func whoIs(_ token: String) throws -> String? {
        try get("com.atproto.server.getSession", token).json["handle"]?.string
    }
}
