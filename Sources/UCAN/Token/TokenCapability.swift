public import Multiformats

/// Holds one ability on one resource, with the caveats that narrow it.
public struct TokenCapability: Sendable, Hashable {
    public static let maximumResourceLength = 2048
    public static let maximumAbilityLength = 256

    /// An ASCII URI, as written in the statement.
    public let resource: String
    /// `namespace/name`, ASCII, as written in the statement.
    public let ability: String
    /// Alternatives, each a JSON object; none means the capability is not narrowed (`[{}]` on the wire).
    public let caveats: [JSON]

    /// Checks resource and ability syntax and that every caveat is an object.
    public init(resource: String, ability: String, caveats: [JSON] = []) throws(UCANError) {
        try TokenCapability.checkResource(resource)
        try TokenCapability.checkAbility(ability)
        for caveat in caveats {
            guard case .object = caveat else {
                throw UCANError(.malformedCapabilities, "a caveat is a JSON object", step: "B.3")
            }
        }
        self.init(checked: resource, ability, caveats)
    }

    /// Takes parts already checked; the single empty object becomes no caveat.
    init(checked resource: String, _ ability: String, _ caveats: [JSON]) {
        self.resource = resource
        self.ability = ability
        if caveats.count == 1, case .object(let only) = caveats[0], only.isEmpty {
            self.caveats = []
        } else {
            self.caveats = caveats
        }
    }

    static func checkResource(_ resource: String) throws(UCANError) {
        guard resource.utf8.count <= maximumResourceLength,
            URISyntax.isURI(resource) || URISyntax.isRepositoryURI(resource)
        else {
            throw UCANError(.malformedResource, "\(UCANError.quoted(resource)) is no resource URI", step: "B.3")
        }
    }

    /// Exactly one slash, both sides non-empty, characters `[A-Za-z0-9-_.+*]` (spec/ucan.md B.3).
    static func checkAbility(_ ability: String) throws(UCANError) {
        var slashes = 0
        var previous = UInt8(ascii: "/")
        for byte in ability.utf8 {
            if byte == UInt8(ascii: "/") {
                slashes += 1
                guard previous != byte else { throw malformed(ability) }
            } else {
                guard isAbilityCharacter(byte) else { throw malformed(ability) }
            }
            previous = byte
        }
        guard slashes == 1, previous != UInt8(ascii: "/"), ability.utf8.count <= maximumAbilityLength else {
            throw malformed(ability)
        }
    }

    private static func isAbilityCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x41...0x5A, 0x61...0x7A, 0x30...0x39: true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "*"): true
        default: false
        }
    }

    private static func malformed(_ ability: String) -> UCANError {
        UCANError(
            .malformedAbility, "\(UCANError.quoted(ability)) is no ability of the form `namespace/name`", step: "B.3")
    }

    var namespace: Substring { ability[..<(ability.utf8.firstIndex(of: 0x2F) ?? ability.endIndex)] }
    var name: Substring { ability[namespace.endIndex...].dropFirst() }

    // Both texts are proved ASCII, for which String order is byte order.
    static func isOrdered(_ left: TokenCapability, _ right: TokenCapability) -> Bool {
        left.resource == right.resource ? left.ability < right.ability : left.resource < right.resource
    }
}
