import CapTesting
import Multiformats
import Testing
import UCAN

@Suite struct DerivedVectorTests {
    let vectors: JSON
    let owner: EthereumKey
    let session: PrivateKey
    let holder: PrivateKey

    init() throws {
        vectors = try Fixture.json("vectors/tinycloud/derived/capabilities-read.json")
        owner = try EthereumKey(scalar: hexBytes(vectors.text("keys", "ownerSecp256k1PrivateHex")))
        session = try PrivateKey(curve: .ed25519, seed: hexBytes(vectors.text("keys", "sessionEd25519SeedHex")))
        holder = try PrivateKey(curve: .ed25519, seed: hexBytes(vectors.text("keys", "holderEd25519SeedHex")))
    }

    @Test func keysHaveTheirDIDs() throws {
        #expect(owner.did().text == (try vectors.text("ownerDid")))
        #expect(session.did.text == (try vectors.text("sessionDid")))
        #expect(holder.did.text == (try vectors.text("holderDid")))
    }

    private func wallets() throws -> [JSON] {
        try ["hostDelegation", "rootDelegation"].map { try #require(vectors[$0]) }
            + vectors.items("revocations").filter { $0["kind"]?.string == "cacao" }
    }

    private func ucans() throws -> [JSON] {
        let control = try #require(vectors["controlInvocations"]).cases().map(\.value)
        return try [#require(vectors["childDelegation"])] + vectors.items("invocations") + control
            + vectors.items("revocations").filter { $0["kind"]?.string == "ucan" }
    }

    @Test func everyStatementVerifiesAndHasItsCID() throws {
        for vector in try wallets() + ucans() {
            let name = try vector.text("name")
            let authorization = try vector.text("authorization")
            let token = try UnverifiedToken.decode(authorization: authorization.utf8).verify()
            #expect(token.cid.text == (try vector.text("cid")), "\(name)")
            #expect(token.authorization() == authorization, "\(name)")
            if let delegator = vector["delegator"]?.string { #expect(token.issuer.text == delegator) }
        }
    }

    @Test func unpaddedCACAOIsTheSameStatement() throws {
        for vector in try wallets() {
            guard let unpadded = vector["authorizationUnpaddedMustReject"]?.string else { continue }
            let token = try UnverifiedToken.decode(authorization: unpadded.utf8).verify()
            #expect(token.cid.text == (try vector.text("cid")))
        }
    }

    @Test func walletStatementsReproduceByteForByte() throws {
        for vector in try wallets() {
            let message = try SIWE.parse(vector.text("siweMessage"))
            let recap = try ReCap.read(resources: message.resources ?? [])
            let made = try TokenMaker.cacao(
                wallet: owner,
                audience: message.uri,
                capabilities: recap?.capabilities ?? [],
                proofs: recap?.proofs ?? [],
                domain: message.domain,
                issuedAt: message.issuedAt,
                expires: message.expirationTime,
                notBefore: message.notBefore,
                nonce: message.nonce
            )
            #expect(Base16.encode(made.bytes) == (try vector.text("dagCborHex")))
            #expect(made.authorization() == (try vector.text("authorization")))
            #expect(EIP191.digest(of: Array(message.text.utf8)).hex == (try vector.text("eip191DigestHex")))
            let outside = try TokenMaker.siweIn(
                text: vector.text("siweMessage"),
                signature: hexBytes(vector.text("signatureHex"))
            )
            #expect(outside.bytes == made.bytes)
        }
    }

    @Test func ucansReproduceByteForByte() throws {
        for vector in try ucans() {
            let payload = try #require(vector["payload"])
            let issuer = try payload.text("iss").hasPrefix(session.did.text) ? session : holder
            let made = try remake(payload, issuer: issuer)
            #expect(made.authorization() == (try vector.text("authorization")))
            _ = try made.verify()
        }
    }

    @Test func revocationsAndStatusNameTheirTargets() throws {
        let child = try vectors.text("childDelegation", "cid")
        let root = try vectors.text("rootDelegation", "cid")
        for vector in try vectors.items("revocations") {
            let token = try UnverifiedToken.decode(authorization: vector.text("authorization").utf8).verify()
            let expected = vector["kind"]?.string == "cacao" ? root : child
            #expect(try token.revocationTarget().text == expected)
            #expect(token.controlAction == .revoke)
        }
        let status = try UnverifiedToken.decode(
            authorization: vectors.text("controlInvocations", "status", "authorization").utf8
        )
        #expect(status.controlAction == .status)
        let delegation = try UnverifiedToken.decode(
            authorization: vectors.text("childDelegation", "authorization").utf8)
        #expect(delegation.controlAction == nil)
        #expect(throws: UCANError(.wrongKind, "")) { try delegation.revocationTarget() }
    }

    @Test func controlStatementsReproduceFromTheirMakers() throws {
        let vector = try #require(vectors.items("revocations").first)
        let child = try CID(text: vectors.text("childDelegation", "cid").utf8)
        let root = try CID(text: vectors.text("rootDelegation", "cid").utf8)
        let revocation = try TokenMaker.revocation(
            issuer: session,
            target: child,
            proofs: [root],
            expires: Timestamp(seconds: 1_783_684_920),
            nonce: vector.text("payload", "nnc")
        )
        #expect(revocation.authorization() == (try vector.text("authorization")))
        let status = try #require(vectors["controlInvocations"]?["status"])
        let read = try TokenMaker.status(
            issuer: session,
            target: child,
            proofs: [root],
            expires: Timestamp(seconds: 1_783_684_920),
            nonce: status.text("payload", "nnc")
        )
        #expect(read.authorization() == (try status.text("authorization")))
    }

    @Test func twinsAreOneStatementOrRefused() throws {
        let root = try UnverifiedToken.decode(authorization: vectors.text("rootDelegation", "authorization").utf8)
        let items = try #require(vectors["cacaoTwins"]).items("items")
        #expect(items.count == 4)
        for twin in items {
            let name = try twin.text("name")
            let code = refusal {
                let token = try UnverifiedToken.decode(authorization: twin.text("authorization").utf8).verify()
                #expect(token.cid.text == (try twin.text("cid")) && token.id != root.id)
                #expect(token.statementID == root.statementID, "\(name)")
            }
            switch name {
            case "recovery-byte-0": #expect(code == nil)
            case "recovery-byte-54": #expect(code == .malformedSignature)
            case "lowercase-iss": #expect(code == .malformedCACAO)
            case "unknown-top-level-key": #expect(code == .malformedAuthorization, "a map of four is no CACAO")
            default: Issue.record("unknown twin \(name)")
            }
        }
    }
}

/// Makes a UCAN again from the payload of a fixture.
func remake(_ payload: JSON, issuer: PrivateKey) throws -> UnverifiedToken {
    var capabilities: [TokenCapability] = []
    for (resource, abilities) in try #require(payload["att"]).cases() {
        for (ability, caveats) in try abilities.cases() {
            capabilities.append(
                try TokenCapability(resource: resource, ability: ability, caveats: #require(caveats.array))
            )
        }
    }
    return try TokenMaker.ucan(
        issuer: issuer,
        audience: DID(payload.text("aud")),
        capabilities: capabilities.reversed(),
        proofs: payload.items("prf").map { try CID(text: #require($0.string).utf8) },
        expires: Timestamp(microseconds: #require(payload["exp"]?.number?.decimal(scale: 6, rounding: .down))),
        notBefore: payload["nbf"]?.number?.decimal(scale: 6, rounding: .up).map(Timestamp.init(microseconds:)),
        nonce: payload["nnc"]?.string,
        facts: payload["fct"]?.array ?? []
    )
}
