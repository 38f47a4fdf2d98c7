import Multiformats
public import UCAN

/// Makes and verifies the HTTP message signatures of profile N (RFC 9421, section 4.6).
public enum RequestSignature {
    public static let label = "atproto-space"
    private static let algorithm = "ecdsa-p256-sha256"
    private static let authorization = "authorization"
    private static let audience = "atproto-space-audience"

    /// Verifies the signature under which a credential is obtained; gives the P-256 key its `keyid` names.
    ///
    /// Throws `BadSpaceSignature`.
    public static func verifyObtaining(_ fields: PresentedFields, at now: Timestamp) throws(ATProtoError) -> PublicKey {
        let signed = try read(fields, covering: [(authorization, try single(fields.authorization))], at: now)
        guard let key = signed.key else { throw bad("the signature names no key in `keyid`") }
        try verify(signed, by: key)
        return key
    }

    /// Verifies the signature under which a credential is used, and then that it is meant for `wanted`.
    ///
    /// Throws `BadSpaceSignature`, and `BadSpaceAudience` for a sound signature to another audience.
    public static func verifyUse(
        _ fields: PresentedFields, by key: PublicKey, audience wanted: String, at now: Timestamp
    ) throws(ATProtoError) {
        let named = try single(fields.audience)
        let covered = [(authorization, try single(fields.authorization)), (audience, named)]
        let signed = try read(fields, covering: covered, at: now)
        guard signed.key == nil || signed.key == key else { throw bad("`keyid` is not the key of the credential") }
        try verify(signed, by: key)
        guard named.isExactly(wanted) else {
            throw ATProtoError("BadSpaceAudience", "the signature is for another audience")
        }
    }

    /// Signs a request: with an audience to use a credential, without one to obtain it.
    ///
    /// Gives the values of `Signature-Input` and `Signature`; throws `InvalidRequest` unless the key is P-256.
    public static func make(
        authorization value: String, audience named: String?, key: PrivateKey
    ) throws(ATProtoError) -> (input: String, signature: String) {
        guard key.curve == .p256 else { throw .invalidRequest("a request is signed with a P-256 key") }
        let covered = [(authorization, value)] + (named.map { [(audience, $0)] } ?? [])
        let names = covered.map { (item: StructuredItem.string($0.0), parameters: StructuredParameters()) }
        var parameters = StructuredParameters()
        if named == nil { parameters.pairs = [.init(name: "keyid", value: .string(key.did.text))] }
        let input = StructuredMember.list(names, parameters).text
        let signature = try TokenSignature.make(base(covered, input), by: key)
        return ("\(label)=\(input)", "\(label)=\(StructuredItem.bytes(signature).text)")
    }

    private struct Signed {
        let base: [UInt8]
        let signature: [UInt8]
        let key: PublicKey?
    }

    /// Reads both fields and builds what the signature is over; the components must be `covered` and no others.
    private static func read(
        _ fields: PresentedFields, covering covered: [(name: String, value: String)], at now: Timestamp
    ) throws(ATProtoError) -> Signed {
        guard let inputs = StructuredFieldParser.dictionary(fields.signatureInput),
            let signatures = StructuredFieldParser.dictionary(fields.signature)
        else { throw bad("`Signature-Input` or `Signature` is malformed") }
        guard let input = inputs[label], case .list(let names, let parameters) = input,
            case .item(.bytes(let signature), _)? = signatures[label], signature.count == 64
        else { throw bad("the request has no signature of 64 bytes labelled `\(label)`") }
        guard names.count == covered.count,
            zip(names, covered).allSatisfy({ $0.item == .string($1.name) && $0.parameters.pairs.isEmpty })
        else { throw bad("the signature covers other parts of the request, or in another order") }
        if let named = parameters["alg"], named != .string(algorithm) { throw bad("the algorithm is not P-256") }
        try checkTimes(parameters, at: now)
        var key: PublicKey?
        if let named = parameters["keyid"] {
            guard case .string(let name) = named, let found = SpaceCredential.p256Key(name) else {
                throw bad("`keyid` is no did:key of P-256")
            }
            key = found
        }
        return Signed(base: base(covered, input.text), signature: signature, key: key)
    }

    /// Neither time is required; one that is there counts.
    private static func checkTimes(_ parameters: StructuredParameters, at now: Timestamp) throws(ATProtoError) {
        let second = UnixTime.second(of: now)
        if let created = parameters["created"] {
            guard case .integer(let time) = created, time <= second + UnixTime.skew else {
                throw bad("`created` is no time, or in the future")
            }
        }
        if let expires = parameters["expires"] {
            guard case .integer(let time) = expires, second - UnixTime.skew < time else {
                throw bad("`expires` is no time, or past")
            }
        }
    }

    private static func base(_ covered: [(name: String, value: String)], _ parameters: String) -> [UInt8] {
        let lines = covered.map { "\"\($0.name)\": \($0.value)" } + ["\"@signature-params\": \(parameters)"]
        return Array(lines.joined(separator: "\n").utf8)
    }

    private static func verify(_ signed: Signed, by key: PublicKey) throws(ATProtoError) {
        guard key.curve == .p256, TokenSignature.isSound(signed.signature, over: signed.base, by: key, form: .any)
        else { throw bad("the signature is not that of the key") }
    }

    /// Gives the one value of a field, trimmed; a field that comes twice would be signed as another text.
    private static func single(_ values: [String]) throws(ATProtoError) -> String {
        guard values.count == 1, let value = values.first else {
            throw bad("a field that is signed is absent, or there twice")
        }
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let trimmed = value.utf8.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
        guard !trimmed.isEmpty, trimmed.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw bad("a field that is signed is empty, or not plain text")
        }
        return String(decoding: Array(trimmed), as: UTF8.self)
    }

    private static func bad(_ message: String) -> ATProtoError { ATProtoError("BadSpaceSignature", message) }
}
