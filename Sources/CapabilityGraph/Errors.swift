/// Says why the graph could not do what was asked, as opposed to a denial, which is a value.
public struct GraphError: Error, Equatable, Sendable {
    public enum Code: String, Sendable {
        case outOfMemory, full, malformedResource, malformedAbility, malformedRecord, malformedCursor
        case malformedPrincipal, malformedCaveat, malformedContext, malformedChange, limitExceeded, registryMalformed,
            familiesMalformed
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
