public import Multiformats

/// Holds one page of a list, or a whole one.
public struct DelegationPage: Sendable, Hashable {
    public let delegations: [ListedDelegation]
    /// Asks for the next page; nil on the last.
    public let cursor: String?
    /// Whether nothing follows.
    public let isComplete: Bool
    /// Revision of the graph the page was read at; nil when the service does not say.
    public let revision: Int64?
    /// The same delegations as documents, each with its `cid`.
    public let documents: [JSON]
    /// The answer as it came.
    public let json: JSON

    init(delegations: [ListedDelegation], documents: [JSON], cursor: String?, json: JSON) {
        self.delegations = delegations
        self.documents = documents
        self.cursor = cursor
        isComplete = cursor == nil
        revision = nil
        self.json = json
    }

    /// Reads `{delegations, cursor?, complete, revision}`, or the plain object keyed by CID of older services.
    public init(_ bytes: [UInt8]) throws(ClientError) {
        json = try JSON.answer(bytes)
        let listed = json["delegations"]
        let isPaged = listed != nil
        delegations = try ListedDelegation.list(listed ?? json)
        documents = ListedDelegation.documents(listed ?? json)
        cursor = isPaged ? json["cursor"]?.string : nil
        isComplete = isPaged ? json["complete"]?.bool ?? (cursor == nil) : true
        revision = isPaged ? json["revision"]?.number?.int64 : nil
    }
}
