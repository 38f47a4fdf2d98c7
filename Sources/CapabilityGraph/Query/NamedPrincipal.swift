public import UCAN

extension Snapshot {
    /// True for a principal that a statement names, whatever became of it.
    public func knows(_ principal: DID) -> Bool { self.principal(principal) != nil }

    /// Whom a question means by a DID with a fragment: the service of that name when the graph knows one, else the DID
    /// itself, one of whose keys or places is named (DID Core 3.2). Any other principal is itself.
    public func principal(named name: DID) -> DID {
        guard name.text.utf8.starts(with: "did:".utf8), let mark = name.text.utf8.firstIndex(of: UInt8(ascii: "#")),
            principal(name) == nil
        else { return name }
        return DID(trusted: String(name.text[..<mark]))
    }
}
