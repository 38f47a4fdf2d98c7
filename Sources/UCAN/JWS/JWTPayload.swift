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
        let attenuation = members["att"]
        guard members["ucv"] == nil, members["cap"] == nil, attenuation?.array == nil else {
            throw UCANError(.unsupportedVersion, "the payload has the form of another UCAN version", step: "A")
        }
        (issuer, issuerFragment) = try DID.principal(ofURL: try JWTPayload.text("iss", in: members))
        audience = try DID(try JWTPayload.text("aud", in: members))
        guard case .number(let expiry)? = members["exp"] else {
            throw UCANError(.malformedTime, "`exp` is no number", step: "B.1")
        }
        expires = try Timestamp(expiry, rounding: .down, name: "exp")
        switch members["nbf"] {
        case nil: notBefore = nil
        case .number(let start)?: notBefore = try Timestamp(start, rounding: .up, name: "nbf")
        default: throw UCANError(.malformedTime, "`nbf` is no number", step: "B.1")
        }
        nonce = members["nnc"] == nil ? nil : try JWTPayload.text("nnc", in: members)
        switch members["fct"] {
        case nil: facts = []
        case .array(let items)?: facts = items
        default: throw UCANError(.malformedPayload, "`fct` is no array", step: "B.1")
        }
        proofs = try JWTPayload.proofs(members["prf"], limits: limits)
        capabilities = try CapabilitiesObject.read(attenuation, limits: limits)
    }

    private static func text(_ name: String, in members: JSONObject) throws(UCANError) -> String {
        guard case .string(let text)? = members[name] else {
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
