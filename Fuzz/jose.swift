import ATProto
import Multiformats
import UCAN

/// Holds the tokens and proofs of spaces to: no crash, and nothing that was not signed by its key is taken.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJOSE(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let text = String(decoding: bytes, as: UTF8.self)
    // The first line is the header, the second the claims: base64 hides both from mutation.
    let parts = bytes.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
    let made = parts.map { Base64URL.encode(Array($0)) }.joined(separator: ".") + "." + signature
    for token in [text, made] {
        tryTokens(token)
        let fields = PresentedFields(
            authorization: ["DPoP " + token], audience: [text], proof: [token], signatureInput: [text],
            signature: ["atproto-space=:\(Base64.encode([UInt8](repeating: 1, count: 64))):"])
        if (try? BindingProof.verify(fields, method: "POST", url: "https://example.com/xrpc/a", at: now)) != nil {
            fatalError("a proof that nobody signed passes")
        }
        _ = try? RequestSignature.verifyObtaining(fields, at: now)
        _ = try? DPoPProof.verify(
            [token],
            for: DPoPProof.Request(method: "GET", url: "https://example.com/", accessToken: token), at: now)
        _ = try? RequestCredential.classify(
            authorization: [token], legacyHeader: [], queryNames: [], acceptingLegacy: true)
    }
    return 0
}

private let now = Timestamp(seconds: 1_790_000_000)
private let signature = Base64URL.encode([UInt8](repeating: 1, count: 64))
private let key = (try? PrivateKey(curve: .secp256k1, seed: [UInt8](repeating: 7, count: 32)))?.publicKey

private func tryTokens(_ token: String) {
    let keys: KeySource = { _, _ in key }
    if (try? SpaceCredential.verify(token, keys: keys, at: now)) != nil { fatalError("an unsigned credential passes") }
    if (try? ServiceAuthToken.verify(token, audiences: ["did:web:a"], method: "a.b.c", keys: keys, at: now)) != nil {
        fatalError("an unsigned call passes")
    }
    _ = try? DelegationToken.verify(token, keys: keys, at: now)
    _ = try? ClientAttestation.unverifiedClientID(token)
    _ = try? OAuthAccessToken.unverifiedIssuer(token)
}
