/// Says why an account, a key or a session could not be made or used; `name` is the wire name where there is one.
package struct IdentityError: Error, Hashable, Sendable {
    package enum Code: String, Sendable {
        case handleNotAvailable = "HandleNotAvailable"
        case invalidHandle = "InvalidHandle"
        case invalidPassword = "InvalidPassword"
        case unsupportedDomain = "UnsupportedDomain"
        case incompatibleDID = "IncompatibleDidDoc"
        case accountNotFound = "AccountNotFound"
        case authenticationRequired = "AuthenticationRequired"
        case accountTakedown = "AccountTakedown"
        case invalidToken = "InvalidToken"
        case expiredToken = "ExpiredToken"
        case invalidRequest = "InvalidRequest"
        case keyFile = "KeyFile"
        case cryptoFailure = "CryptoFailure"
    }

    package let code: Code
    package let message: String
    /// What would mend it, for an operator.
    package let hint: String?

    package var name: String { code.rawValue }

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
