import CapTesting
import Multiformats
import Testing

@testable import UCAN

/// Reads the message objects of the sign-in fixtures, whose versions and chain ids are untyped.
private func message(_ fields: JSON) throws -> SIWE {
    let printed = fields["address"]?.string ?? ""
    let address = try EthereumAddress(anyCase: printed.utf8)
    guard address.description == printed else {
        throw UCANError(.malformedMessage, "the address is not in EIP-55 casing")
    }
    guard fields["version"]?.string == "1", let chain = fields["chainId"]?.number?.int64 else {
        throw UCANError(.malformedMessage, "the version or the chain id is malformed")
    }
    guard let domain = fields["domain"]?.string, let uri = fields["uri"]?.string, let nonce = fields["nonce"]?.string,
        let issuedAt = fields["issuedAt"]?.string
    else { throw UCANError(.malformedMessage, "a required field is missing") }
    return try SIWE(
        scheme: fields["scheme"]?.string,
        domain: domain,
        address: address,
        statement: fields["statement"]?.string,
        uri: uri,
        chainID: UInt64(chain),
        nonce: nonce,
        issuedAt: issuedAt,
        expirationTime: fields["expirationTime"]?.string,
        notBefore: fields["notBefore"]?.string,
        requestID: fields["requestId"]?.string,
        resources: fields["resources"]?.array?.map { $0.string ?? "" }
    )
}

@Suite struct SIWEVectorTests {
    private func cases(_ file: String) throws -> [(key: String, value: JSON)] {
        try Fixture.json("vectors/tinycloud/siwe/\(file).json").cases()
    }

    @Test func positiveMessagesParseAndPrintBack() throws {
        for (name, vector) in try cases("parsing_positive") {
            let text = try vector.text("message")
            let parsed = try SIWE.parse(text)
            #expect(parsed.text == text, "\(name)")
            #expect(parsed == (try message(#require(vector["fields"]))), "\(name)")
        }
    }

    @Test(arguments: ["valid_specification", "valid_resources", "valid_uris"])
    func validMessagesParseAndPrintBack(file: String) throws {
        for (name, vector) in try cases(file) {
            let text = try vector.text("msg")
            let parsed = try SIWE.parse(text)
            #expect(parsed.text == text, "\(name)")
            let items = vector["items"] ?? vector
            if let resources = items["resources"] {
                #expect(parsed.resources == resources.array?.map { $0.string ?? "" })
            }
            if let statement = items["statement"] { #expect(parsed.statement == statement.string, "\(name)") }
            if let requestID = items["requestId"] { #expect(parsed.requestID == requestID.string, "\(name)") }
        }
    }

    @Test(arguments: ["parsing_negative", "invalid_resources", "invalid_uris"])
    func invalidMessagesAreRefused(file: String) throws {
        for (name, vector) in try cases(file) {
            let code = refusal { _ = try SIWE.parse(#require(vector.string)) }
            #expect(code == .malformedMessage || code == .malformedTime, "\(name)")
        }
    }

    @Test func invalidObjectsAreRefused() throws {
        for (name, vector) in try cases("parsing_negative_objects") {
            #expect(refusal { _ = try message(vector) } != nil, "\(name)")
        }
        for (name, vector) in try cases("message_objects") {
            let code = refusal { _ = try message(try #require(vector["msg"])) }
            #expect((code == nil) == (vector["error"]?.string == "none"), "\(name)")
        }
    }

    @Test(arguments: ["valid_chars", "invalid_chars"])
    func characterClassesFollowTheGrammar(file: String) throws {
        for (name, vector) in try cases(file) {
            let input = Array(try vector.text("input").utf8)
            let sound: Bool
            switch try vector.text("rule") {
            case "scheme": sound = URISyntax.isScheme(input)
            case "statement": sound = SIWE.isStatement(input)
            case "pct-encoded": sound = input.count == 3 && URISyntax.isSegment(input)
            case "userinfo": sound = URISyntax.isUserinfo(input)
            case "IPvFuture": sound = URISyntax.isIPvFuture(input)
            case "reg-name": sound = URISyntax.isRegName(input)
            case "segment-nz": sound = !input.isEmpty && URISyntax.isSegment(input)
            case "fragment": sound = URISyntax.isFragment(input)
            case let rule:
                Issue.record("unknown rule \(rule)")
                continue
            }
            #expect(sound == vector["answer"]?.bool, "\(name)")
        }
    }

    private func signer(of vector: JSON) throws -> (SIWE, EthereumAddress) {
        let signed = try message(vector)
        let recovered = try EIP191.recover(text: Array(signed.text.utf8), signature: hexBytes(vector.text("signature")))
        return (signed, recovered)
    }

    @Test func positiveSignaturesRecoverTheirAccount() throws {
        for (name, vector) in try cases("verification_positive") {
            let (signed, recovered) = try signer(of: vector)
            #expect(recovered == signed.address, "\(name)")
            if name == "recovery byte starting at 0" {
                #expect(try hexBytes(vector.text("signature")).last == 1, "v counts from 0")
            }
        }
    }

    @Test func negativeVerificationsFailWhereTheyShould() throws {
        for (name, vector) in try cases("verification_negative") {
            switch name {
            case "malformed signature":
                #expect(try vector.text("signature").utf8.count % 2 == 1, "not even whole bytes")
            case "wrong signature":
                let code = refusal {
                    let (signed, recovered) = try signer(of: vector)
                    if recovered != signed.address { throw UCANError(.badSignature, "another account signed") }
                }
                #expect(code == .badSignature, "\(name)")
            case "invalid issuedAt", "invalid notBefore", "invalid expirationTime":
                #expect(refusal { _ = try message(vector) } == .malformedTime, "\(name)")
            case "expired message":
                // Its address is not in EIP-55 casing, which the text form refuses before time is looked at.
                let now = try Timestamp.parse("2022-02-01T00:00:00Z")
                let expiry = try Timestamp.parse(vector.text("expirationTime"))
                #expect(expiry <= now)
            case "not yet valid":
                let (signed, _) = try signer(of: vector)
                #expect(try #require(try signed.validFrom) > Timestamp.parse("2022-02-01T00:00:00Z"))
            case "custom time":
                let (signed, _) = try signer(of: vector)
                #expect(try #require(try signed.expires) <= Timestamp.parse(vector.text("time")))
            case "domain binding", "custom nonce":
                // Domain and nonce bind a login to a site; a delegation is bound by its audience instead.
                let (signed, recovered) = try signer(of: vector)
                #expect(recovered == signed.address)
                #expect(
                    signed.domain != vector["domainBinding"]?.string && signed.nonce != vector["matchNonce"]?.string)
            default: Issue.record("unknown case \(name)")
            }
        }
    }

    @Test func contractWalletSignaturesAreRefused() throws {
        for (name, vector) in try cases("eip1271") {
            let text = try vector.text("message")
            let signature = try hexBytes(vector.text("signature"))
            let code = refusal {
                let token = try TokenMaker.siweIn(text: text, signature: signature)
                _ = try token.verify()
            }
            #expect(code != nil, "\(name)")
        }
    }
}
