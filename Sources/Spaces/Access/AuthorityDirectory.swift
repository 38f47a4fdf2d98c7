package import Storage
package import UCAN

/// Knows whose accounts are hosted here.
package protocol AuthorityDirectory: Sendable {
    /// True for an account of this host, whose key it keeps, active or not.
    func isHosted(_ did: DID, in tables: any TableReader) throws -> Bool
    /// True for a space authority the service itself holds, under which any account may ask for a space (section 1).
    func isServiceAuthority(_ did: DID) -> Bool
}
