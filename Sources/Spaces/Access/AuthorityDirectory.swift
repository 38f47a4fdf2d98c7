package import Storage
package import UCAN

/// Knows whose accounts are hosted here.
package protocol AuthorityDirectory: Sendable {
    /// How much was forgotten of what is remembered of accounts: taken before tables are opened whose rows may be remembered.
    var era: Int { get }
    /// True for an account of this host, whose key it keeps, active or not. What the tables say is remembered where they were
    /// opened after `era`; with nil, as inside a change whose rows may be taken back, the rows alone count.
    func isHosted(_ did: DID, in tables: any TableReader, since era: Int?) throws -> Bool
    /// True for a space authority the service itself holds, under which any account may ask for a space (section 1).
    func isServiceAuthority(_ did: DID) -> Bool
}
