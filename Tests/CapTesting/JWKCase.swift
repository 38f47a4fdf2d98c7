import Multiformats
public import UCAN

/// One row of `vectors/jwk/members.json` for one type of key.
public struct JWKCase: Sendable, CustomStringConvertible {
    public let name: String
    public let key: PrivateKey
    /// The JSON of the public key, as text, since a member may stand in it twice.
    public let publicText: String
    /// Why it is refused; nil where it is taken.
    public let code: UCANError.Code?
    /// The same with its private half, where that is tried.
    public let privateText: String?
    public let isPrivateTaken: Bool
    /// What a reader of its kind makes of it: the error of a proof, and `left out` or `refused` in a set.
    public let proofError: String?
    public let fateInSet: String?

    public var description: String { "\(key.curve.rawValue): \(name)" }

    /// Every row for every type of key it is for, or for the one given.
    public static func all(_ only: Curve? = nil) throws -> [JWKCase] {
        let file = try Fixture.json("vectors/jwk/members.json")
        return try Curve.allCases.filter { only == nil || $0 == only }.flatMap { curve in
            let key = try key(of: curve, in: file)
            return try (file["rows"]?.array ?? []).filter { row in
                row["curves"]?.array?.contains(.string(curve.rawValue)) ?? true
            }.map { try JWKCase($0, key, outcomes: file["outcomes"]) }
        }
    }

    /// The key of a type, always the same.
    public static func key(_ curve: Curve) throws -> PrivateKey {
        try key(of: curve, in: Fixture.json("vectors/jwk/members.json"))
    }

    private static func key(of curve: Curve, in file: JSON) throws -> PrivateKey {
        let seed = file["seeds"]?[curve.rawValue]?.string.flatMap { Base16.decode($0.utf8) }
        return try PrivateKey(curve: curve, seed: seed ?? [])
    }

    private init(_ row: JSON, _ key: PrivateKey, outcomes: JSON?) throws {
        name = row["name"]?.string ?? ""
        self.key = key
        let told = row["code"]?.string
        code = told.flatMap(UCANError.Code.init(rawValue:))
        guard (told == nil) == (code == nil), let isTaken = row["private"]?.string else {
            throw UCANError(.malformedJSON, "the row `\(name)` expects nothing")
        }
        publicText = Self.text(row, key, isPrivate: false)
        privateText = isTaken.isEmpty ? nil : Self.text(row, key, isPrivate: true)
        isPrivateTaken = isTaken.utf8.elementsEqual("accept".utf8)
        proofError = told.flatMap { outcomes?[$0]?["proof"]?.string }
        fateInSet = told.flatMap { outcomes?[$0]?["set"]?.string }
    }

    private static func text(_ row: JSON, _ key: PrivateKey, isPrivate: Bool) -> String {
        let dropped = row["drop"]?.array ?? []
        var members = ["kty", "crv", "x"] + (key.curve == .ed25519 ? [] : ["y"]) + (isPrivate ? ["d"] : [])
        members.removeAll { dropped.contains(.string($0)) }
        let own = members.map { "\"\($0)\":" + (row["change"]?[$0]?.string ?? "\"<\($0)>\"") }
        let parts = [row["before"]?.string].compactMap { $0 } + own + [row["after"]?.string].compactMap { $0 }
        return "{" + filled(parts.joined(separator: ","), key) + "}"
    }

    /// Puts the values of the key for their names in angle brackets, and letters for a number.
    private static func filled(_ text: String, _ key: PrivateKey) -> String {
        let jwk = key.jwk
        let isEdwards = key.curve == .ed25519
        var values = [
            "otherkty": isEdwards ? "EC" : "OKP", "othercrv": key.curve == .p256 ? "secp256k1" : "P-256",
            "otheralg": key.curve == .p256 ? "ES256K" : "ES256",
        ]
        for (name, value) in jwk.object?.members ?? [] {
            values[name] = value.string
            values["low" + name] = value.string?.lowercased()
        }
        var result = ""
        for (index, part) in text.split(separator: "<", omittingEmptySubsequences: false).enumerated() {
            guard index > 0, let end = part.firstIndex(of: ">") else {
                result += part
                continue
            }
            let name = String(part[..<end])
            result += values[name] ?? String(repeating: "a", count: Int(name) ?? 0)
            result += part[part.index(after: end)...]
        }
        return result
    }
}

/// A signed token with whatever header stands in a text.
public enum JWKToken {
    /// Joins header and payload, as they stand, with the signature of `key` over them.
    public static func signed(_ header: String, _ payload: String, by key: PrivateKey) throws -> String {
        let input = [header, payload].map { Base64URL.encode(Array($0.utf8)) }.joined(separator: ".")
        return input + "." + Base64URL.encode(try key.sign(Array(input.utf8)))
    }

    /// The header as the signer of TinyCloud's SDK writes it: `alg`, `jwk`, `typ`, `ucv`.
    public static func header(_ jwk: String, _ key: PrivateKey) -> String {
        #"{"alg":"\#(key.curve.algorithm)","jwk":\#(jwk),"typ":"JWT","ucv":"0.10.0"}"#
    }

    /// A delegation by the key, which owns the space it is about, to the Ed25519 key of the table, until 2033.
    public static func delegation(of one: JWKCase) throws -> String {
        try signed(header(one.publicText, one.key), delegationPayload(one), by: one.key)
    }

    public static func delegationPayload(_ one: JWKCase) throws -> String {
        let did = one.key.did
        let space = "tinycloud:" + did.text.dropFirst("did:".count) + ":default"
        let audience = try JWKCase.key(.ed25519).did == did ? JWKCase.key(.p256).did : JWKCase.key(.ed25519).did
        return #"{"att":{"\#(space)/kv/notes/":{"tinycloud.kv/get":[{}]}},"aud":"\#(audience.text)","exp":2000000000,"#
            + #""iss":"\#(did.text)#\#(did.identifier)","nnc":"\#(one.name)","prf":[]}"#
    }
}
