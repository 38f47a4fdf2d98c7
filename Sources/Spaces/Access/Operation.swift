import ATProto
import CapabilityGraph
package import Multiformats
package import UCAN

/// What is to be done in a space; each is one row of a table, `row` (atproto-spaces.md 5, 6, 12).
package enum Operation: Sendable, Hashable {
    /// Read records, blobs, commits or operations of one author, or of all.
    case readRecords(author: DID?)
    /// Change records in the author's own repo.
    case write(author: DID, [WriteItem])
    /// Delete the author's own repo as a whole.
    case deleteRepo(author: DID)
    case createSpace
    case updateSpace
    case deleteSpace
    /// Be told settings and revision.
    case readSettings
    /// Read the settings as who manages them does (getConfig).
    case readConfig
    /// List members; with `of`, learn about one of them.
    case listMembers(of: DID?)
    case manageMembers
    case manageInvites
    /// Be shown edges of the space and what they amount to; with `of`, for a principal of one's choice.
    case readGraph(of: DID?)
    /// End one edge, named by the hash of its bytes.
    case endEdge(Multihash)
    case listRepos
    case mintDelegation
    /// Have looked at or signed what a credential of this space will need.
    case prepareCredential
    /// Bind a credential to a key.
    case mintCredential(key: DID)
    /// List the credentials of the space, or take one back.
    case manageCredentials
    case registerNotify
    /// Follow the space's events on a connection of this host.
    case watch
    /// Take the news of a write by the host of its repo.
    case notifyWrite(writer: DID)
    /// Take the news that credentials of the space were revoked, or that it was deleted.
    case notifyByAuthority
}

package enum WriteAction: Sendable, Hashable {
    case create, update, delete
    /// Update where the record exists, else create: known inside the transaction only, see `Permit.require`.
    case put
}

package struct WriteItem: Sendable, Hashable {
    package let action: WriteAction
    /// An NSID.
    package let collection: String

    package init(_ action: WriteAction, collection: String) {
        self.action = action
        self.collection = collection
    }
}

/// What an account does that concerns no one space.
package enum AccountOperation: Sendable, Hashable {
    /// nil filters mean every type, every authority.
    case listSpaces(type: String?, authority: String?)
    case acceptInvite
    /// Upload a blob of a media type, for a record to refer to.
    case uploadBlob(mimeType: String)
}
