/// Tells the delegation by which a wallet signs a session key in from what it grants to others' keys: an agent's, a
/// friend's, a share's, a host's.
///
/// Both are root delegations to a did:key; they differ by what they say. A session stands in for its owner, so its client
/// asks for two things that a grant has no use for together: to read every delegation of a space, and beside it to manage
/// the owner's delegations or to have all of that space's data. Nothing but the delegation itself is looked at, which only
/// its issuer signed.
extension Graph {
    /// True for a CACAO without proofs to a did:key that gives, on one of the issuer's spaces,
    /// `tinycloud.capabilities/read` on the whole `capabilities` service, and beside it either `list`, `revoke` or
    /// `status` of `tinycloud.delegation` on the whole `delegation` service of one of the issuer's spaces, or `get`,
    /// `put`, `del` and `list` of `tinycloud.kv` on the whole `kv` service of the same space.
    func signsIn(_ edge: UInt32) -> Bool {
        let info = info[edge]
        // Without proofs every capability is the issuer's own.
        guard info.kind == EdgeKind.cacao.code, info.proofCount == 0, isKey(audience(edge)) else { return false }
        var readable: Set<UInt32> = []
        var manages = false
        var data: [UInt32: Int] = [:]
        for number in capabilities(of: edge) {
            let row = capabilities[number]
            let resource = resources.row(row.resource)
            guard resource.space != 0, resource.suffix == 0, row.caveats == 0 else { continue }
            if isService(resource, "capabilities"), resource.path == nil, gives(row, "tinycloud.capabilities/read") {
                readable.insert(resource.space)
            } else if isWholeDelegation(resource) {
                manages = manages || Self.managing.contains { gives(row, $0) }
            } else if isService(resource, "kv"), resource.path == nil {
                for (place, ability) in Self.everything.enumerated() where gives(row, ability) {
                    data[resource.space, default: 0] |= 1 << place
                }
            }
        }
        return readable.contains { manages || data[$0] == 1 << Self.everything.count - 1 }
    }

    private static let managing = [
        "tinycloud.delegation/list", "tinycloud.delegation/revoke", "tinycloud.delegation/status",
    ]
    private static let everything = ["tinycloud.kv/get", "tinycloud.kv/put", "tinycloud.kv/del", "tinycloud.kv/list"]

    func isKey(_ principal: UInt32) -> Bool { terms.bytes(principal).starts(with: "did:key:".utf8) }

    /// True for the `delegation` service of a space, its path absent or empty.
    func isWholeDelegation(_ resource: ResourceRow) -> Bool {
        resource.suffix == 0 && isService(resource, "delegation") && (resource.path?.isEmpty ?? true)
    }

    private func isService(_ resource: ResourceRow, _ name: String) -> Bool {
        resource.service != 0 && terms.bytes(resource.service).elementsEqual(name.utf8)
    }

    /// True when what the row gives is enough for the ability.
    func gives(_ row: CapabilityRow, _ ability: String) -> Bool {
        if terms.bytes(row.ability).elementsEqual(ability.utf8) { return true }
        let held = terms.registryIndex[row.ability]
        let required = registry.number(ability)
        return held != 0 && required != 0 && registry.covers(held: held, required: required)
    }
}
