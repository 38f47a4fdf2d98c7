import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

/// A running host of spaces with open registration, whose time stands still until `pass`.
final class SpaceStage: Sendable {
    static let start: Int64 = 1_790_000_000
    static let forum = "com.example.forum"
    static let post = "com.example.forum.post"

    let service: ServiceProcess
    private let clock = Locked(start)

    init(options: [String] = []) throws {
        let always = ["--registration", "open", "--allow-loopback-peers"]
        service = try ServiceProcess(clock: Self.start, options: always + options)
    }

    var port: UInt16 { service.port }
    var now: Timestamp { Timestamp(seconds: clock.withLock { $0 }) }

    func pass(_ seconds: Int64) {
        clock.withLock { $0 += seconds }
        service.setClock(clock.withLock { $0 })
    }

    private static let password = "correct horse battery staple"

    /// Signs in anew.
    func session(of did: String) throws -> String {
        let body: JSON = ["identifier": .string(did), "password": .string(Self.password)]
        let made = try XRPCWire.post(Wire(port), "com.atproto.server.createSession", body)
        return try #require(made.json["accessJwt"]?.string, "\(made.text)")
    }

    /// Makes an account; `name` is new on this host.
    func person(_ name: String) throws -> SpacePerson {
        let wire = Wire(port)
        let domain = try XRPCWire.get(wire, "com.atproto.server.describeServer").json["availableUserDomains"]?
            .array?.first?.string
        let body: JSON = ["handle": .string(name + (domain ?? "")), "password": .string(Self.password)]
        let made = try XRPCWire.post(wire, "com.atproto.server.createAccount", body)
        let did = try #require(made.json["did"]?.string, "\(made.text)")
        let token = try #require(made.json["accessJwt"]?.string)
        let document = try XRPCWire.get(wire, "com.atproto.identity.resolveDid", [("did", did)]).json["didDoc"]
        let services = document?["service"]?.array ?? []
        let endpoint = services.first { $0["id"]?.string?.hasSuffix("#atproto_space_host") == true }
        let origin = try #require(endpoint?["serviceEndpoint"]?.string, "the account has no space host")
        return SpacePerson(host: self, did: did, token: token, origin: origin)
    }
}

/// Calls methods over a socket and holds every answer to the lexicons.
enum XRPCWire {
    static func get(
        _ wire: Wire, _ nsid: String, _ query: [(String, String)] = [], headers: [String] = []
    ) throws -> RawResponse {
        let text = query.map { "\(escaped($0.0))=\(escaped($0.1))" }.joined(separator: "&")
        return held(try wire.get("/xrpc/\(nsid)" + (text.isEmpty ? "" : "?" + text), headers: headers), nsid)
    }

    static func post(_ wire: Wire, _ nsid: String, _ body: JSON, headers: [String] = []) throws -> RawResponse {
        held(try wire.post("/xrpc/\(nsid)", authorization: nil, body: body.serialized(), headers: headers), nsid)
    }

    private static func held(_ response: RawResponse, _ nsid: String) -> RawResponse {
        let isJSON = response.header("content-type")?.hasPrefix("application/json") ?? false
        if response.status == 200 {
            do {
                let body = isJSON ? response.json : nil
                try LexiconCatalog.published.validateOutput(body, of: nsid)
                try LexiconCatalog.publishedWithSpaceRevisions.validateOutput(body, of: nsid)
            } catch {
                Issue.record("\(nsid): \(error)")
            }
        } else if response.status >= 300 {
            let isNamed = response.json["error"]?.string != nil && response.json["message"]?.string != nil
            if !isNamed { Issue.record("\(nsid) answers \(response.status) without a name: \(response.text)") }
        }
        return response
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if byte < 0x80,
                "-._~".unicodeScalars.contains(scalar) || scalar.properties.isAlphabetic || (48...57) ~= byte
            {
                out.unicodeScalars.append(scalar)
            } else {
                out += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return out
    }
}

extension RawResponse {
    /// The name of a refusal; nil for an answer.
    var refusal: String? { status >= 300 ? json["error"]?.string ?? "" : nil }
}
