package import ATProto
package import Storage
package import UCAN

/// Knows the accounts that write repos here: their keys, and whether others may read them now.
package protocol RepoAuthors: Sendable {
    /// The `#atproto` key of an author; nil when this host does not hold it.
    func signingKey(of author: DID) throws -> PrivateKey?

    /// True for an account of this host, whose repos are here also as long as nothing is in them.
    func isHosted(_ author: DID) throws -> Bool

    /// Why nobody but the author may read its repos now: `RepoTakendown`, `RepoSuspended` or `RepoDeactivated`.
    func refusalToReaders(of author: DID) throws -> ATProtoError?

    /// Gives what tells the same inside a read, by its tables, which are opened after this call.
    func refusalsToReaders() -> (DID, any TableReader) throws -> ATProtoError?
}

/// Stands where no account is held: nothing can be signed, and everything is open to readers.
package struct NoAuthors: RepoAuthors {
    package init() {}
    package func signingKey(of author: DID) -> PrivateKey? { nil }
    package func isHosted(_ author: DID) -> Bool { false }
    package func refusalToReaders(of author: DID) -> ATProtoError? { nil }
    package func refusalsToReaders() -> (DID, any TableReader) throws -> ATProtoError? { { _, _ in nil } }
}
