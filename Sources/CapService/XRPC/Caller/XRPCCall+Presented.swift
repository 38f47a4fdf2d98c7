import ATProto

extension XRPCCall {
    /// What the request shows to prove who makes it (atproto-spaces.md 3); nothing of it is verified.
    func presented() throws(ATProtoError) -> RequestCredential {
        try RequestCredential.classify(
            authorization: Self.texts(request, "Authorization"),
            legacyHeader: Self.texts(request, "X-Space-Credential"),
            queryNames: (request.query?.items ?? []).map(\.name), acceptingLegacy: service.settings.hasProfileX)
    }

    /// The header fields that proofs and signatures are in and over.
    var fields: PresentedFields {
        PresentedFields(
            authorization: Self.texts(request, "Authorization"),
            audience: Self.texts(request, "Atproto-Space-Audience"), proof: Self.texts(request, "DPoP"),
            signatureInput: Self.texts(request, "Signature-Input"), signature: Self.texts(request, "Signature"))
    }

    /// The public URL of the method as called, which proofs name; never from the `Host` header (reading 2).
    func url() throws(XRPCError) -> String { try service.address.url() + XRPCDispatcher.prefix + nsid }

    private static func texts(_ request: HTTPRequest, _ name: String) -> [String] {
        request.headers.values(name).map { String(decoding: $0, as: UTF8.self) }
    }
}
