import Multiformats

/// Holds the payload of a UCAN; members it does not know are tolerated and never interpreted (spec/ucan.md B.1).
struct JWTPayload {
    let issuer: DID
    let issuerFragment: String?
    let audience: DID
    let capabilities: [TokenCapability]
    let proofs: [CID]
    let expires: Timestamp
    let notBefore: Timestamp?
    let nonce: String?
    let facts: [JSON]

    init(_ json: JSON, limits: TokenLimits) throws(UCANError) {
        guard case .object(let members) = json else {
            throw UCANError(.malformedPayload, "the payload is no JSON object", step: "B.1")
        }
        let known = KnownMembers(members)
        guard known.ucv == nil, known.cap == nil, known.att?.array == nil else {
            throw UCANError(.unsupportedVersion, "the payload has the form of another UCAN version", step: "A")
        }
        (issuer, issuerFragment) = try DID.principal(ofURL: try JWTPayload.text(known.iss, "iss"))
        audience = try DID(try JWTPayload.text(known.aud, "aud"))
        guard case .number(let expiry)? = known.exp else {
            throw UCANError(.malformedTime, "`exp` is no number", step: "B.1")
        }
        expires = try Timestamp(expiry, rounding: .down, name: "exp")
        switch known.nbf {
        case nil: notBefore = nil
        case .number(let start)?: notBefore = try Timestamp(start, rounding: .up, name: "nbf")
        default: throw UCANError(.malformedTime, "`nbf` is no number", step: "B.1")
        }
        nonce = known.nnc == nil ? nil : try JWTPayload.text(known.nnc, "nnc")
        switch known.fct {
        case nil: facts = []
        case .array(let items)?: facts = items
        default: throw UCANError(.malformedPayload, "`fct` is no array", step: "B.1")
        }
        proofs = try JWTPayload.proofs(known.prf, limits: limits)
        capabilities = try CapabilitiesObject.read(known.att, limits: limits)
    }

    private static func text(_ value: JSON?, _ name: StaticString) throws(UCANError) -> String {
        guard case .string(let text)? = value else {
            throw UCANError(.malformedPayload, "`\(name)` is no text", step: "B.1")
        }
        return text
    }

    private static func proofs(_ json: JSON?, limits: TokenLimits) throws(UCANError) -> [CID] {
        guard case .array(let items)? = json else {
            throw UCANError(.malformedPayload, "`prf` is no array", step: "B.1")
        }
        guard items.count <= limits.proofs else {
            throw UCANError(.limitExceeded, "more than \(limits.proofs) proofs are cited", step: "J.22")
        }
        var proofs: [CID] = []
        for item in items {
            guard case .string(let text) = item else {
                throw UCANError(.malformedCID, "a proof is no text", step: "B.1")
            }
            do { proofs.append(try CID(text: text.utf8)) } catch {
                throw UCANError(
                    .malformedCID, "the proof \(UCANError.quoted(text)) is no CID: \(error.message)", step: "I")
            }
        }
        return proofs
    }
}

/// Sorts the members that mean something out of a payload in one pass; all their names have three letters.
private struct KnownMembers {
    var iss, aud, exp, nbf, nnc, fct, prf, att, ucv, cap: JSON?

    init(_ members: JSONObject) {
        for (name, value) in members.members {
            guard let code = KnownMembers.code(name.utf8) else { continue }
            switch code {
            case 0x697373: iss = value
            case 0x617564: aud = value
            case 0x657870: exp = value
            case 0x6E6266: nbf = value
            case 0x6E6E63: nnc = value
            case 0x666374: fct = value
            case 0x707266: prf = value
            case 0x617474: att = value
            case 0x756376: ucv = value
            case 0x636170: cap = value
            default: break
            }
        }
    }

    /// The three bytes of a name as one number.
    private static func code(_ name: String.UTF8View) -> UInt32? {
        guard name.count == 3 else { return nil }
        return name.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
