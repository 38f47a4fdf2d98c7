public import Multiformats

extension SignedStatement {
    /// What the statement asks for, when it is about one other statement and nothing else.
    ///
    /// Such a statement belongs to `/revoke` or `/delegation/status`; `/delegate` and `/invoke` refuse it when it is
    /// addressed to its issuer. The same capability with another audience hands that authority on.
    public var controlAction: ControlAction? {
        if audience.target != nil { return .revoke }
        guard capabilities.count == 1, capabilities[0].resource.utf8.starts(with: Control.scheme.utf8) else {
            return nil
        }
        return ControlAction.allCases.first { $0.rawValue == capabilities[0].ability }
    }

    /// Returns the statement this one revokes; throws `wrongKind` with the reason (spec/ucan.md B.7).
    ///
    /// A CACAO names it as audience `ucan:<cid>`, a UCAN as its one resource `urn:cid:<cid>` with the ability
    /// `tinycloud.delegation/revoke`. The cited proof is never taken for the target.
    public func revocationTarget() throws(UCANError) -> CID {
        switch kind {
        case .cacao:
            guard let target = audience.target else {
                throw Control.wrong("a wallet revocation has the audience `ucan:<cid>`")
            }
            guard capabilities.isEmpty, proofs.isEmpty else {
                throw Control.wrong("a wallet revocation carries no capabilities and no proofs")
            }
            return target
        case .ucan:
            return try Control.target(of: capabilities, action: .revoke)
        }
    }

}

private enum Control {
    static let scheme = "urn:cid:"

    static func target(of capabilities: [TokenCapability], action: ControlAction) throws(UCANError) -> CID {
        guard capabilities.count == 1, let only = capabilities.first else {
            throw wrong("the statement must have exactly one capability, `\(action.rawValue)` on `urn:cid:<cid>`")
        }
        guard only.ability == action.rawValue else {
            throw wrong("the ability is \(UCANError.quoted(only.ability)), not `\(action.rawValue)`")
        }
        guard only.caveats.isEmpty else { throw wrong("the capability carries caveats") }
        guard only.resource.utf8.starts(with: scheme.utf8),
            let cid = try? CID(text: only.resource.utf8.dropFirst(scheme.utf8.count))
        else { throw wrong("\(UCANError.quoted(only.resource)) is not `urn:cid:` and a CID") }
        return cid
    }

    static func wrong(_ message: String) -> UCANError { UCANError(.wrongKind, message, step: "B.7") }
}

/// Names what a statement about another statement asks for.
public enum ControlAction: String, Sendable, CaseIterable {
    case revoke = "tinycloud.delegation/revoke"
    case status = "tinycloud.delegation/status"
}
