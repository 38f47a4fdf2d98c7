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
        ignoresQuery: Bool = false, at offset: Int64 = 0
    ) -> String? {
        errorName { () throws(ATProtoError) in
            let request = DPoPProof.Request(
                method: method, url: url ?? self.url, accessToken: token, ignoresQuery: ignoresQuery)
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
        for other in [url + "/", "http" + url.dropFirst(5), "https://PDS.example.com" + url.dropFirst(23)] {
            #expect(name(of: [proof], url: other) == "BadDpopProof", "\(other)")
        }
        let queried = try self.proof(claims: ["htu": .string(url + "?a=b")])
        #expect(name(of: [queried]) == "BadDpopProof")
        #expect(name(of: [queried], ignoresQuery: true) == nil)
        for claims: [String: JSON] in [["htm": .null], ["htu": .null], ["htu": 1], ["jti": .null], ["ath": "x"]] {
            #expect(name(of: [try self.proof(claims: claims)]) == "BadDpopProof", "\(claims)")
        }
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
