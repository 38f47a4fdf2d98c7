import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

/// The table of JWK members, as proofs, key sets and whoever reads a set meet it, and that of header members.
@Suite struct JWKReaderTests {
    private let now = Timestamp(seconds: 1_738_368_000)
    private let request = DPoPProof.Request(method: "GET", url: "https://pds.example.com/xrpc/a.b.c", accessToken: nil)

    /// Joins texts as they stand, since a member may stand in them twice.
    private func signed(_ header: String, _ claims: JSON, _ key: PrivateKey) throws -> String {
        let input = [Array(header.utf8), claims.serialized()].map { Base64URL.encode($0) }.joined(separator: ".")
        return input + "." + Base64URL.encode(try TokenSignature.make(Array(input.utf8), by: key))
    }

    @Test func proofsAreTakenOrRefusedByTheKeyInTheirHeader() throws {
        let claims = try ForgedToken.parts(of: DPoPProof.make(for: request, key: JWKCase.key(.p256), at: now)).claims
        for one in try JWKCase.all(.p256) {
            let text = try signed(
                #"{"typ":"dpop+jwt","alg":"ES256","jwk":\#(one.publicText)}"#, claims, one.key)
            var proof: DPoPProof?
            let name = errorName { () throws(ATProtoError) in
                proof = try DPoPProof.verify([text], for: request, at: now)
            }
            #expect(name == one.proofError, "\(one)")
            #expect(proof?.thumbprint == (name == nil ? one.key.publicKey.thumbprint : nil), "\(one)")
        }
    }

    /// RFC 7638: what a token is bound to is the key, whatever its holder writes beside it.
    @Test func thumbprintsAreOfTheKeyAlone() throws {
        for one in try JWKCase.all() where one.code == nil {
            let key = try PublicKey(jwk: JSON.parse(Array(one.publicText.utf8)))
            let plain = one.key.publicKey.jwk
            let required = ["crv", "kty", "x", "y"].compactMap { name in
                plain[name]?.string.map { #""\#(name)":"\#($0)""# }
            }
            let text = "{" + required.joined(separator: ",") + "}"
            #expect(key.thumbprint == Base64URL.encode(SHA256.hash(Array(text.utf8)).bytes), "\(one)")
        }
    }

    @Test func setsTakeLeaveOutOrRefuseEachKey() throws {
        // A sound key beside each shows whether the set as a whole still stands.
        let sounds = try [JWKCase.all(.p256)[1], JWKCase.all(.secp256k1)[1]]
        for one in try JWKCase.all() {
            let sound = sounds[one.key.curve == .p256 ? 1 : 0]
            let set = try? JWKSet(parsing: Array(#"{"keys":[\#(one.publicText),\#(sound.publicText)]}"#.utf8))
            #expect((set == nil) == (one.fateInSet == "refused"), "\(one)")
            guard let set else { continue }
            #expect(set.key("default") == sound.key.publicKey || one.code == nil, "\(one)")
            #expect(set.entries.count == (one.fateInSet == "left out" ? 1 : 2), "\(one)")
            if one.code == nil { #expect(set.entries[0].key == one.key.publicKey, "\(one)") }
        }
    }

    /// An attestation and an access token by a key of a set, for each row whose key keeps the id of the header.
    @Test func readersOfSetsMeetTheSameKeys() throws {
        let issuer = "https://auth.example.com"
        let space = try SpaceURI("at://did:web:example.org/space/org.example.forum/one")
        let thumbprint = try JWKCase.key(.p256).publicKey.thumbprint
        for one in try JWKCase.all() {
            guard let members = try? JSON.parse(Array(one.publicText.utf8)).object else { continue }
            let id = members["kid"]?.string ?? "key-1"
            var named = members
            if named["kid"] == nil { named["kid"] = .string(id) }
            let set = try? JWKSet(["keys": [.object(named)]])
            let attestation = try ClientAttestation.make(
                clientID: issuer + "/client", keyID: id, space: space, key: one.key, at: now)
            let isAttested = errorName { () throws(ATProtoError) in
                _ = try ClientAttestation.verify(
                    attestation, space: space,
                    keys: { _ throws(ATProtoError) in
                        guard let set else { throw ATProtoError("InvalidClientAttestation", "") }
                        return set
                    }, at: now)
            }
            // A member more may be one too many; nothing else is changed by the id.
            #expect(isAttested == (one.code == nil ? nil : "InvalidClientAttestation"), "\(one)")
            let token = try ForgedToken.make(
                header: ["typ": "at+jwt", "alg": .string(one.key.curve.algorithm), "kid": .string(id)],
                claims: [
                    "iss": .string(issuer), "sub": "did:plc:abc", "aud": "did:web:host", "client_id": "c", "scope": "",
                    "iat": 1_738_368_000, "exp": 1_738_371_600, "cnf": ["jkt": .string(thumbprint)],
                ], key: one.key)
            let isTaken = errorName { () throws(ATProtoError) in
                _ = try OAuthAccessToken.verify(
                    token, audiences: ["did:web:host"], keys: { _ throws(ATProtoError) in set }, at: now)
            }
            #expect(isTaken == (one.code == nil ? nil : "InvalidToken"), "\(one)")
        }
    }

    // MARK: headers

    /// Each token of the family made by its maker, its header with more members, and how its verifier takes it.
    private func tokens() throws -> [(name: String, text: String, key: PrivateKey, verify: (String) throws -> Void)] {
        let world = try TokenWorld()
        let (space, user, now) = (try world.space, try world.user, world.now)
        let (member, authority) = (try world.key("member"), try world.key("authority #atproto_space"))
        let client = try JWKCase.key(.ed25519)
        var object = try #require(client.publicKey.jwk.object)
        object["kid"] = "key-1"
        let set = try JWKSet(["keys": [.object(object)]])
        let (dpop, request) = (try world.key("dpop"), self.request)
        let access: JSON = [
            "iss": "https://auth.example.com", "sub": "did:plc:abc", "aud": "did:web:host", "iat": 1_738_368_000,
            "exp": 1_738_371_600, "cnf": ["jkt": .string(dpop.publicKey.thumbprint)],
        ]
        return [
            (
                "delegation", try DelegationToken.make(issuer: user, space: space, key: member, at: now).text, member,
                { _ = try DelegationToken.verify($0, keys: world.keys, at: now) }
            ),
            (
                "credential",
                try SpaceCredential.make(
                    space: space, binding: .thumbprint(dpop.publicKey.thumbprint), keyID: KeyID.space, key: authority,
                    at: now
                ).text, authority,
                { _ = try SpaceCredential.verify($0, keys: world.keys, at: now) }
            ),
            (
                "service",
                try ServiceAuthToken.make(issuer: user, audience: "did:web:a", method: "a.b.c", key: member, at: now),
                member,
                {
                    _ = try ServiceAuthToken.verify(
                        $0, audiences: ["did:web:a"], method: "a.b.c", keys: world.keys, at: now)
                }
            ),
            (
                "attestation",
                try ClientAttestation.make(
                    clientID: "https://a.example/c", keyID: "key-1", space: space, key: client, at: now),
                client,
                { _ = try ClientAttestation.verify($0, space: space, keys: { _ throws(ATProtoError) in set }, at: now) }
            ),
            (
                "proof", try DPoPProof.make(for: request, key: dpop, at: now), dpop,
                { _ = try DPoPProof.verify([$0], for: request, at: now) }
            ),
            (
                "access",
                try ForgedToken.make(
                    header: ["typ": "at+jwt", "alg": "EdDSA", "kid": "key-1"], claims: access, key: client),
                client,
                {
                    _ = try OAuthAccessToken.verify(
                        $0, audiences: ["did:web:host"], keys: { _ throws(ATProtoError) in set }, at: now)
                }
            ),
        ]
    }

    @Test func headersMayHaveWhatChangesNothing() throws {
        let rows = try #require(Fixture.json("vectors/jwk/members.json")["headers"]?.array)
        for (name, text, key, verify) in try tokens() {
            let parts = try ForgedToken.parts(of: text)
            let plain = String(decoding: parts.header.serialized(), as: UTF8.self).dropLast()
            for row in rows where row["jws"] != "" {
                let members = try row.vectorText("members")
                // Where the header names its key already, a second name would be a repeated member.
                guard parts.header["kid"] == nil || !members.contains(#""kid""#) else { continue }
                let changed = try signed("\(plain),\(members)}", parts.claims, key)
                let isTaken = (try? verify(changed)) != nil
                #expect(isTaken == (row["jws"] == "accept"), "\(name): \(row["name"]?.string ?? "")")
            }
        }
    }

    /// RFC 9864 names what `EdDSA` means with this curve; keys of documents are of the two others.
    @Test func ed25519IsTheSameAlgorithmUnderBothNames() throws {
        for (name, text, key, verify) in try tokens() {
            let parts = try ForgedToken.parts(of: text)
            for algorithm in ["EdDSA", "Ed25519", "ES256", "ES256K", "Ed448", "none"] {
                let header = ForgedToken.changing(parts.header, ["alg": .string(algorithm)])
                let changed = try signed(String(decoding: header.serialized(), as: UTF8.self), parts.claims, key)
                let isTaken = (try? verify(changed)) != nil
                #expect(isTaken == key.curve.isAlgorithm(algorithm), "\(name) \(algorithm)")
            }
        }
        #expect(!Curve.p256.isAlgorithm("Ed25519") && Curve.ed25519.isAlgorithm("EdDSA"))
    }
}
