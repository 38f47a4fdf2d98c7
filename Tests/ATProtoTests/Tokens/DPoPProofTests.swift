import ATProto
import Multiformats
import Testing
import UCAN

@Suite struct DPoPProofTests {
    let world: TokenWorld
    let key: PrivateKey
    private let url = "https://pds.example.com/xrpc/com.atproto.space.getRepo"

    init() throws {
        world = try TokenWorld()
        key = try world.key("dpop")
    }

    private func name(
        of proofs: [String], method: String = "GET", url: String? = nil, token: String? = nil,
        at offset: Int64 = 0
    ) -> String? {
        errorName { () throws(ATProtoError) in
            let request = DPoPProof.Request(method: method, url: url ?? self.url, accessToken: token)
            _ = try DPoPProof.verify(proofs, for: request, at: Timestamp(seconds: 1_738_368_000 + offset))
        }
    }

    private func proof(header: [String: JSON] = [:], claims: [String: JSON] = [:]) throws -> String {
        let request = DPoPProof.Request(method: "GET", url: url, accessToken: nil)
        let parts = try ForgedToken.parts(of: DPoPProof.make(for: request, key: key, at: world.now))
        return try ForgedToken.make(
            header: ForgedToken.changing(parts.header, header), claims: ForgedToken.changing(parts.claims, claims),
            key: key)
    }

    @Test func oneProofIsNeeded() throws {
        #expect(name(of: []) == "MissingDpopProof")
        #expect(try name(of: [proof(), proof()]) == "BadDpopProof")
        #expect(try name(of: [proof()]) == nil)
    }

    @Test func theWindowOfAcceptanceHasBothEnds() throws {
        let proof = try proof()
        for (offset, told) in [
            (-6, "BadDpopProofSignature"), (-5, nil), (0, nil), (65, nil), (66, "DpopProofExpired"),
        ] as [(Int64, String?)] {
            #expect(name(of: [proof], at: offset) == told, "\(offset)")
        }
    }

    @Test func methodAndURLAreCompared() throws {
        let proof = try proof()
        #expect(name(of: [proof], method: "get") == "BadDpopProof")
        #expect(name(of: [proof], url: url + "?a=b#c") == nil)
        for other in [url + "/", "http" + url.dropFirst(5), "https://pds.example.com:8443" + url.dropFirst(23)] {
            #expect(name(of: [proof], url: other) == "BadDpopProof", "\(other)")
        }
        for claims: [String: JSON] in [["htm": .null], ["htu": .null], ["htu": 1], ["jti": .null], ["ath": "x"]] {
            #expect(name(of: [try self.proof(claims: claims)]) == "BadDpopProof", "\(claims)")
        }
    }

    /// Spellings of one address (RFC 3986 6.2.2, 6.2.3, as RFC 9449 4.3 asks): what browsers' `URL`, `location.href` and
    /// panva/dpop, jose and curl write.
    @Test(arguments: [
        "HTTPS://pds.example.com/xrpc/com.atproto.space.getRepo",
        "https://PDS.Example.COM/xrpc/com.atproto.space.getRepo",
        "https://pds.example.com:443/xrpc/com.atproto.space.getRepo",
        "https://pds.example.com:/xrpc/com.atproto.space.getRepo",
        "https://pds.example.com/xrpc/com.atproto.space.getRepo?space=at%3A%2F%2F",
        "https://pds.example.com/xrpc/com.atproto.space.getRepo#x",
        "https://pds.example.com/xrpc/com.atproto.space.getRepo?#?",
        "https://pds.example.com/xrpc/%63om.atproto.space.getRepo",
        "https://pds.example.com/a/../xrpc/./com.atproto.space.getRepo",
        "https://pds.example.com:0443/xrpc/com.atproto.space.getRepo",
    ])
    func spellingsOfOneAddressAreOne(htu: String) throws {
        #expect(name(of: [try proof(claims: ["htu": .string(htu)])]) == nil)
    }

    @Test(arguments: [
        "https://pds.example.com", "https://pds.example.com:80/xrpc/com.atproto.space.getRepo",
        "https://pds.example.com:65979/xrpc/com.atproto.space.getRepo",
        "https://x@pds.example.com/xrpc/com.atproto.space.getRepo",
        "//pds.example.com/xrpc/com.atproto.space.getRepo", "/xrpc/com.atproto.space.getRepo",
        "https://pds.example.com/xrpc/COM.atproto.space.getRepo",
        "https://pds.example.com/xrpc%2Fcom.atproto.space.getRepo",
        "https://pds.example.com//xrpc/com.atproto.space.getRepo",
        "https://pds.example.com./xrpc/com.atproto.space.getRepo",
        "https://pds.example.com\\xrpc/com.atproto.space.getRepo",
        "https://pds.example.com/xrpc/com.atproto.space.getRepo%",
        "https:pds.example.com/xrpc/com.atproto.space.getRepo", "",
    ])
    func otherAddressesAreOthers(htu: String) throws {
        #expect(name(of: [try proof(claims: ["htu": .string(htu)])]) == "BadDpopProof")
    }

    /// RFC 7519 2 (NumericDate, with a fraction too), 4.1.4 and 4.1.5, which a proof is held to where it has them.
    @Test(
        arguments: [
            ("iat", "1738368000.75", nil), ("iat", "1738368000.000", nil), ("iat", "1.738368e9", nil),
            ("iat", "1738367934.5", "DpopProofExpired"), ("iat", "1738368006.1", "BadDpopProofSignature"),
            ("iat", "\"1738368000\"", "BadDpopProofSignature"), ("iat", "1e400", "BadDpopProofSignature"),
            ("exp", "1738368060", nil), ("exp", "1738367995.5", "DpopProofExpired"),
            ("exp", "1738367990", "DpopProofExpired"),
            ("exp", "0", "DpopProofExpired"), ("exp", "\"soon\"", "BadDpopProofSignature"),
            ("nbf", "1738368000", nil), ("nbf", "1738368005.5", "BadDpopProofSignature"), ("nbf", "1738368005", nil),
            ("nbf", "1738371600", "BadDpopProofSignature"), ("nbf", "true", "BadDpopProofSignature"),
        ] as [(String, String, String?)])
    func timesOfProofs(claim: String, value: String, told: String?) throws {
        let json = try JSON.parse(Array(value.utf8))
        #expect(name(of: [try proof(claims: [claim: json])]) == told)
    }

    @Test func keysMustBePublicAndP256() throws {
        let jwk = try #require(ForgedToken.parts(of: proof()).header["jwk"])
        func told(_ changes: [String: JSON]) throws -> String? {
            name(of: [try proof(header: ["jwk": ForgedToken.changing(jwk, changes)])])
        }
        // What WebCrypto exports beside the key does no harm.
        #expect(try told(["ext": true, "key_ops": ["verify"], "use": "sig", "kid": "1", "alg": "ES256"]) == nil)
        for changes: [String: JSON] in [
            ["d": "AAAA"], ["k": "AAAA"], ["kty": "oct"], ["crv": "P-384"], ["x": .null], ["y": "AAAA"],
            ["y": jwk["x"] ?? .null], ["alg": "ES256K"],
        ] {
            #expect(try told(changes) == "BadDpopProofSignature", "\(changes)")
        }
        let other = try world.key("member")
        let foreign = try ForgedToken.make(
            header: ["typ": "dpop+jwt", "alg": "ES256K", "jwk": other.publicKey.jwk],
            claims: ForgedToken.parts(of: proof()).claims, key: other)
        #expect(name(of: [foreign]) == "BadDpopProofSignature")
        #expect(
            name(of: [try proof(header: ["jwk": world.key("dpop other").publicKey.jwk])]) == "BadDpopProofSignature")
    }

    @Test func bothFormsOfASignatureAreTaken() throws {
        let parts = try proof().split(separator: ".")
        let input = parts[0] + "." + parts[1]
        let low = try #require(Base64URL.decode(parts[2].utf8))
        let high = low[..<32] + complement(Array(low[32...]))
        #expect(!LowS.isLow(Array(high), curve: .p256))
        #expect(name(of: [input + "." + Base64URL.encode(Array(high))]) == nil)
        #expect(name(of: [input + "." + Base64URL.encode(low + [0])]) == "BadDpopProofSignature")
    }

    /// The order of P-256 less a number.
    private func complement(_ number: [UInt8]) -> [UInt8] {
        let order = Base16.decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551".utf8) ?? []
        var borrow = 0
        var result = [UInt8](repeating: 0, count: 32)
        for index in (0..<32).reversed() {
            let difference = Int(order[index]) - Int(number[index]) - borrow
            borrow = difference < 0 ? 1 : 0
            result[index] = UInt8(difference + borrow * 256)
        }
        return result
    }

    @Test func usesOfOneProofAreOne() throws {
        let request = DPoPProof.Request(method: "GET", url: url, accessToken: nil)
        let text = try proof()
        let first = try DPoPProof.verify([text], for: request, at: world.now)
        let second = try DPoPProof.verify([text], for: request, at: Timestamp(seconds: 1_738_368_060))
        #expect(first.use == second.use)
        #expect(first.use.replayed.name == "BadDpopProof")
        // Another key may use the same identifier.
        let other = try DPoPProof.make(for: request, key: world.key("dpop other"), at: world.now, id: first.id)
        #expect(try DPoPProof.verify([other], for: request, at: world.now).use != first.use)
        // The mark outlives the last moment at which the proof is taken.
        #expect(first.use.until > Timestamp(seconds: 1_738_368_065))
    }
}
