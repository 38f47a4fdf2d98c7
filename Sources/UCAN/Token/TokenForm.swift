/// Tells the form of a token from its first bytes (spec/ucan.md A).
enum TokenForm {
    case jwt
    case cacao
    /// A UCAN 1.0 envelope: a DAG-CBOR array of two.
    case envelope
    /// A UCAN 1.0 container: one header byte, then CBOR or base64 of it.
    case container
    case unknown

    init(authorization text: [UInt8]) {
        guard let first = text.first else {
            self = .unknown
            return
        }
        if first >= 0x80 || (text.count > 1 && (text[1] >= 0x80 || text[1] < 0x20)) {
            // Bytes and not text.
            self = TokenForm(bytes: text)
        } else if text.firstDot(from: 0) != nil {
            self = .jwt
        } else if first == UInt8(ascii: "o") {
            // Base64 of 0xa3 starts with `o`; the second character decides with it, so the bytes are looked at again.
            self = .cacao
        } else if first == UInt8(ascii: "g"), text.count > 1, (0x67...0x76).contains(text[1]) {
            // Base64 of 0x82: `g` and one of `g`...`v`.
            self = .envelope
        } else {
            self = TokenForm(bytes: text)
        }
    }

    init(bytes: [UInt8]) {
        switch bytes.first {
        case 0xA3: self = .cacao
        case 0x82: self = .envelope
        case 0x40, 0x42, 0x43, 0x4D, 0x4F, 0x50: self = .container
        default: self = .unknown
        }
    }

    static var unsupported: UCANError {
        UCANError(.unsupportedVersion, "UCAN 1.0 envelopes and containers are not supported", step: "A")
    }
}

/// Names the two wire forms; the raw values are stable in stored data.
public enum TokenKind: UInt8, Sendable, CaseIterable {
    /// A wallet's message with its signature, as DAG-CBOR (spec/ucan.md C).
    case cacao = 1
    /// A JWT (spec/ucan.md B).
    case ucan = 2
}
