import Multiformats
import UCAN

/// Holds the statement decoders to: no crash, and what decodes keeps its bytes, its id and its statement id.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzToken(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    if let token = try? UnverifiedToken.decode(authorization: input) { check(token) }
    // Base64 hides structure from mutation, so the input is tried as the payload of a JWT and as a block too.
    let text = header + "." + Base64URL.encode(input) + "." + signature
    if let token = try? UnverifiedToken.decode(authorization: text.utf8) { check(token) }
    if let json = try? JSON.parse(input) { check(json) }
    for kind in TokenKind.allCases {
        guard let token = try? UnverifiedToken.decode(bytes: input, kind: kind) else { continue }
        if token.bytes != input { fatalError("the bytes are not kept as received") }
        check(token)
    }
    return 0
}

private let header = Base64URL.encode(Array(#"{"alg":"EdDSA","typ":"JWT","ucv":"0.10.0"}"#.utf8))
private let signature = Base64URL.encode([UInt8](repeating: 1, count: 64))

/// Whatever stands beside a key, it is one key with one short form, and a private key is no public one.
private func check(_ json: JSON) {
    if let key = try? PublicKey(jwk: json) {
        guard json["d"] == nil, (try? PublicKey(jwk: key.jwk)) == key else {
            fatalError("the short form is another key")
        }
    }
    if let key = try? PrivateKey(jwk: json), (try? PrivateKey(jwk: key.jwk))?.did != key.did {
        fatalError("the short form is another key")
    }
}

private func check(_ token: UnverifiedToken) {
    guard let again = try? UnverifiedToken.decode(authorization: token.authorization().utf8), again.id == token.id,
        again.statementID == token.statementID, again.bytes == token.bytes
    else { fatalError("the printed form is another statement") }
    if let start = token.notBefore, let end = token.expires, start >= end { fatalError("an empty window decoded") }
    if token.kind == .ucan, token.expires == nil { fatalError("a UCAN without expiry decoded") }
    for (left, right) in zip(token.capabilities, token.capabilities.dropFirst())
    where (left.resource, left.ability) >= (right.resource, right.ability) {
        fatalError("capabilities are out of order")
    }
    _ = (token.isTerminal, token.isPolicySession, token.controlAction)
    _ = (try? token.revocationTarget(), try? token.verify())
}
