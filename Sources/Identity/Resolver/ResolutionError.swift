package import ATProto
package import Storage

/// Says why a DID, a handle or a client could not be resolved.
package struct ResolutionError: Error, Hashable, Sendable {
    package enum Code: String, Sendable {
        /// Whoever is responsible for the name says that there is nothing.
        case notFound
        /// What was given breaks the rules.
        case malformed
        /// The name belongs to no method or place that is asked here.
        case unsupported
        /// The address may not be asked: plain HTTP, this machine, or a private network.
        case refused
        /// No usable answer came: nothing is known either way.
        case unreachable
        /// The answer is not remembered, and the caller's thread must not wait for it.
        case mustWait
    }

    package let code: Code
    package let message: String

    package enum Passing: Sendable {
        /// Nothing was asked, since too much else was being asked. It says nothing of anybody, so it is not remembered.
        case notAsked
        /// Somebody answered that it cannot answer now, or may be there and did not answer.
        case notNow
    }

    /// Why asking again soon may tell; nil where it will not.
    package let passing: Passing?

    /// Whether it is certain that nothing is published: who is responsible says so, or nobody is there to publish it.
    /// Whatever else went wrong leaves open what is published.
    package let isOfNobody: Bool

    /// Whether the name of the host was not resolved, which leaves open whether it is anybody's: `NameLookup` tells.
    package let isUnresolved: Bool

    package init(_ code: Code, _ message: String, passing: Passing? = nil) {
        self.init(code, message, passing: passing, isOfNobody: code == .notFound)
    }

    private init(
        _ code: Code, _ message: String, passing: Passing?, isOfNobody: Bool, isUnresolved: Bool = false
    ) {
        self.isUnresolved = isUnresolved
        self.code = code
        self.message = message
        self.passing = passing
        self.isOfNobody = isOfNobody
    }

    init(_ error: OutboundError) {
        switch error.code {
        case .refusedAddress: self.init(.refused, error.message)
        case .malformedURL, .tooLarge: self.init(.malformed, error.message)
        case .nobodyThere: self.init(.unreachable, error.message, passing: nil, isOfNobody: true)
        case .unresolved:
            self.init(.unreachable, error.message, passing: .notNow, isOfNobody: false, isUnresolved: true)
        case .unreachable, .timeout: self.init(.unreachable, error.message, passing: .notNow)
        case .busy: self.init(.unreachable, error.message, passing: .notAsked)
        }
    }

    /// The error of a token whose issuer could not be resolved.
    package var tokenError: ATProtoError {
        switch code {
        case .notFound, .malformed, .unsupported: ATProtoError(DIDDocument.malformed, message)
        case .refused: ATProtoError("ServiceNotResolvable", message)
        case .unreachable: ATProtoError("UpstreamFailure", message)
        case .mustWait: Self.mustWaitError
        }
    }

    /// Passes `mustWait` through functions that throw errors of tokens.
    package static let mustWaitError = ATProtoError("MustWait", "the answer is not remembered")

    /// Stands for a failure of the store where errors are those of tokens; goes to no client.
    static func tokenError(of error: StorageError) -> ATProtoError { ATProtoError(storeFailure, error.code.rawValue) }

    /// The failure of the store that an error of a token stands for; nil where it is one of the token.
    package static func storeError(_ error: ATProtoError) -> StorageError? {
        guard error.name == storeFailure, let code = StorageError.Code(rawValue: error.message) else { return nil }
        return StorageError(code, "the accounts of this host cannot be read now")
    }

    private static let storeFailure = "StoreFailure"
}

extension Outbound {
    /// Gives the body of a 200; 404 and 410 are `notFound`, other statuses `unreachable`. Redirections are not followed.
    func body(of url: PeerURL, accept: String, maxBytes: Int) throws(ResolutionError) -> [UInt8] {
        let response: OutboundResponse
        do throws(OutboundError) {
            response = try send(OutboundRequest(.get, url, headers: [("Accept", accept)], maxBytes: maxBytes))
        } catch {
            throw ResolutionError(error)
        }
        switch response.status {
        case 200: return response.body
        case 404, 410: throw ResolutionError(.notFound, "`\(url)` is not there")
        default:
            let isPassing = response.status == 429 || response.status >= 500
            throw ResolutionError(
                .unreachable, "`\(url)` answered \(response.status)", passing: isPassing ? .notNow : nil)
        }
    }
}
