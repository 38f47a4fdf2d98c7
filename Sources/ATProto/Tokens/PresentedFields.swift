/// Holds the header fields of a request that bear on credentials, each with all its values in their order.
public struct PresentedFields: Hashable, Sendable {
    public var authorization: [String]
    /// `Atproto-Space-Audience`.
    public var audience: [String]
    /// `DPoP`.
    public var proof: [String]
    /// `Signature-Input`.
    public var signatureInput: [String]
    /// `Signature`.
    public var signature: [String]

    public init(
        authorization: [String] = [], audience: [String] = [], proof: [String] = [], signatureInput: [String] = [],
        signature: [String] = []
    ) {
        self.authorization = authorization
        self.audience = audience
        self.proof = proof
        self.signatureInput = signatureInput
        self.signature = signature
    }
}
