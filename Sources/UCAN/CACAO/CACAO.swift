import Multiformats

/// Holds the checked fields of a CACAO and converts them from and to its DAG-CBOR map.
struct CACAO {
    let message: SIWE
    let issuer: DID
    /// r, s, v as given.
    let signature: [UInt8]

    init(message: SIWE, signature: [UInt8]) {
        self.message = message
        issuer = message.address.did(chain: message.chainID)
        self.signature = signature
    }

    /// Reads exactly the members it knows, each of its one type; absent members are absent, never null.
    init(_ block: CBOR) throws(UCANError) {
        let top = try MemberReader(block, "the CACAO")
        let header = try MemberReader(try top.value("h"), "the header")
        let payload = try MemberReader(try top.value("p"), "the payload")
        let proof = try MemberReader(try top.value("s"), "the signature")
        try top.finish(count: 3)
        guard try header.text("t").isExactly("eip4361") else {
            throw CACAO.malformed("the header's type is not `eip4361`")
        }
        try header.finish(count: 1)
        guard try proof.text("t").isExactly("eip191") else {
            // `eip1271` would need a call to a chain, `solana` and others another key type.
            throw CACAO.malformed("the signature's type is not `eip191`")
        }
        guard let signature = try proof.value("s").bytes, signature.count == 65 else {
            throw CACAO.malformed("the signature is not 65 bytes")
        }
        // Refused again on recovery; looked at here so that a malformed block costs no curve arithmetic.
        guard [0, 1, 27, 28].contains(signature[64]) else {
            throw UCANError(.malformedSignature, "the recovery byte is \(signature[64]), not 27 or 28", step: "C.2")
        }
        try proof.finish(count: 2)
        self.signature = signature
        (issuer, message) = try CACAO.message(payload)
    }

    private static func message(_ payload: MemberReader) throws(UCANError) -> (DID, SIWE) {
        guard case .unsigned(1) = try payload.value("version") else {
            throw malformed("`version` is not the integer 1")
        }
        let iss = try payload.text("iss")
        let issuer = try DID(iss)
        // One account has one spelling here, or each casing would be a statement of its own (C.2, I).
        guard let account = EthereumAccount(issuer), issuer.text.isExactly(iss) else {
            throw malformed("`iss` is not `did:pkh:eip155` in its canonical form")
        }
        var count = 6
        func optional(_ name: String) throws(UCANError) -> String? {
            guard payload.has(name) else { return nil }
            count += 1
            return try payload.text(name)
        }
        var resources: [String]?
        if payload.has("resources") {
            count += 1
            guard let items = try payload.value("resources").array, !items.isEmpty else {
                throw malformed("`resources` is no array with at least one entry")
            }
            var texts: [String] = []
            for item in items {
                guard let text = item.text else { throw malformed("an entry of `resources` is no text") }
                texts.append(text)
            }
            resources = texts
        }
        let message = try SIWE(
            scheme: try optional("scheme"),
            domain: try payload.text("domain"),
            address: account.address,
            statement: try optional("statement"),
            uri: try payload.text("aud"),
            chainID: account.chain,
            nonce: try payload.text("nonce"),
            issuedAt: try payload.text("iat"),
            expirationTime: try optional("exp"),
            notBefore: try optional("nbf"),
            requestID: try optional("request_id"),
            resources: resources
        )
        try payload.finish(count: count)
        return (issuer, message)
    }

    static func malformed(_ message: String) -> UCANError { UCANError(.malformedCACAO, message, step: "C.1") }

    /// The canonical DAG-CBOR; the encoder orders the keys.
    func encoded() -> [UInt8] {
        var payload: [(key: String, value: CBOR)] = [
            ("domain", .text(message.domain)), ("iss", .text(issuer.text)), ("aud", .text(message.uri)),
            ("version", .unsigned(1)), ("nonce", .text(message.nonce)), ("iat", .text(message.issuedAt)),
        ]
        let optional = [
            ("scheme", message.scheme), ("statement", message.statement), ("exp", message.expirationTime),
            ("nbf", message.notBefore), ("request_id", message.requestID),
        ]
        for (name, text) in optional {
            if let text { payload.append((name, .text(text))) }
        }
        if let resources = message.resources, !resources.isEmpty {
            payload.append(("resources", .array(resources.map { .text($0) })))
        }
        let block: CBOR = .map([
            "h": .map(["t": .text("eip4361")]),
            // The names are literals and differ.
            "p": .map(CBORMap(payload) ?? CBORMap()),
            "s": .map(["t": .text("eip191"), "s": .bytes(signature)]),
        ])
        return block.encoded()
    }
}

/// Reads the members of one map and finds those nobody asked for.
private struct MemberReader {
    private let map: CBORMap
    private let name: String

    init(_ value: CBOR, _ name: String) throws(UCANError) {
        guard let map = value.map else { throw CACAO.malformed("\(name) is no map") }
        self.map = map
        self.name = name
    }

    func has(_ key: String) -> Bool { map[key] != nil }

    func value(_ key: String) throws(UCANError) -> CBOR {
        guard let value = map[key] else { throw CACAO.malformed("\(name) has no `\(key)`") }
        return value
    }

    func text(_ key: String) throws(UCANError) -> String {
        guard let text = try value(key).text else { throw CACAO.malformed("`\(key)` is no text") }
        return text
    }

    /// Refuses members beyond the `count` that were read: they are not signed.
    func finish(count: Int) throws(UCANError) {
        guard map.count == count else { throw CACAO.malformed("\(name) has unknown members") }
    }
}
