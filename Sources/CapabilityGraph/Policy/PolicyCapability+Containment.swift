extension PolicyCapability {
    /// Returns why `child` asks for more than this capability gives, or nil when it does not.
    ///
    /// Service and space are the same, the path is the same or below, every action is covered through aliases and
    /// implications, and caveats are kept as in a delegation.
    public func failure(
        containing child: PolicyCapability, registry: AbilityRegistry
    ) -> PolicyRejection.Code? {
        guard service.utf8.elementsEqual(child.service.utf8) else { return .serviceMismatch }
        guard space.utf8.elementsEqual(child.space.utf8) else { return .spaceMismatch }
        guard PolicyPath.contains(path, child.path, service: service) else { return .pathMismatch }
        for required in child.actions where !actions.contains(where: { registry.covers(held: $0, required: required) })
        {
            return .actionNotSubset
        }
        guard let caveats else { return nil }
        guard let inner = child.caveats else { return .caveat(.caveatRequired) }
        return Caveats([caveats]).failure(containing: Caveats([inner]), for: .delegation).map { .caveat($0) }
    }
}
