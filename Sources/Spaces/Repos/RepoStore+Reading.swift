package import ATProto
import CapabilityGraph
import Storage
package import UCAN

/// What reads repos: each read takes the permit of its own operation.
extension RepoStore {
    /// Reads an author's repo on one consistent state.
    ///
    /// - Parameter permit: Of reading this author's records, or everybody's.
    /// - Throws: `RepoNotFound`, and to others than the author `RepoTakendown`, `RepoSuspended`, `RepoDeactivated`.
    package func read<Value>(
        _ permit: Permit, of author: DID, _ body: (RepoReader, RepoHead) throws -> Value
    ) throws -> Value {
        let value = try readIfWritten(permit, of: author, body)
        guard let value else { throw RepoReader.repoNotFound }
        return value
    }

    /// The same, giving nil where the author never wrote, or deleted all of it.
    package func readIfWritten<Value>(
        _ permit: Permit, of author: DID, _ body: (RepoReader, RepoHead) throws -> Value
    ) throws -> Value? {
        let viewer = try viewer(permit, author)
        let refusal = try refusal(author, to: viewer)
        return try store.read { tables in
            let reader = self.reader(tables)
            guard let head = try reader.head(space: permit.space, author: author.text) else { return nil }
            let shown = try head.shown(to: viewer)
            if let refusal { throw refusal }
            return try body(reader, shown)
        }
    }

    /// Reads what a repo lists: one of an account of this host that was not written yet is empty, which a nil head tells.
    ///
    /// An orphaned repo is to readers as one that was not written.
    package func list<Value>(
        _ permit: Permit, of author: DID, _ body: (RepoReader, RepoHead?) throws -> Value
    ) throws -> Value {
        let viewer = try viewer(permit, author)
        let refusal = try refusal(author, to: viewer)
        let isKept = try viewer == .author || authors.isHosted(author)
        return try store.read { tables in
            let reader = self.reader(tables)
            var head = try reader.head(space: permit.space, author: author.text)
            if viewer == .reader, head?.status == .orphaned { head = nil }
            if head == nil, !isKept { throw RepoReader.repoNotFound }
            let shown = try head?.shown(to: viewer)
            if let refusal { throw refusal }
            return try body(reader, shown)
        }
    }

    /// Reads the live repos of all authors on one consistent state; `isShown` tells of an author whether its account is
    /// open to readers.
    ///
    /// - Parameter permit: Of reading everybody's records.
    package func read<Value>(
        _ permit: Permit, _ body: (RepoReader, _ isShown: (String) throws -> Bool) throws -> Value
    ) throws -> Value {
        try permit.require(.readRecords(author: nil))
        var known: [String: Bool] = [:]
        let refusal = authors.refusalsToReaders()
        return try store.read { tables in
            try body(reader(tables)) { author in
                if let isShown = known[author] { return isShown }
                let isShown = try refusal(DID(trusted: author), tables) == nil
                known[author] = isShown
                return isShown
            }
        }
    }

    /// Lists the live repos of all authors by age, leaving out those whose accounts are not open to readers.
    package func records(_ permit: Permit, _ listing: RecordListing) throws -> RecordPage {
        try read(permit) { try $0.records(of: permit.space, listing, limits: limits, isShown: $1) }
    }

    /// Opens an export of an author's repo with a commit made for this reader alone.
    ///
    /// - Parameter network: Where the reader is, by which those who show no name are counted.
    /// - Throws: As `read`, and `PayloadTooLarge`, `CommitUnavailable`, and `RateLimitExceeded` while too many exports
    ///   run.
    package func export(
        _ permit: Permit, of author: DID, excludeValues: Bool, from network: String
    ) throws -> RepoExport {
        let viewer = try viewer(permit, author)
        let reader: ExportReader =
            permit.principal == .anyone ? .nameless(network: network) : .named(permit.principal.text)
        // Looked up before the repo is opened, by a read of its own.
        let refusal = try refusal(author, to: viewer)
        let key = try authors.signingKey(of: author)
        return try export(
            space: permit.space, author: author.text, for: viewer, by: reader, excludeValues: excludeValues
        ) { head in
            if let refusal { throw refusal }
            return try Self.commit(to: head, with: key)
        }
    }

    /// Commits the author to a head with a key of this host; every reader gets a commit of its own.
    ///
    /// Not to be called inside a read.
    ///
    /// - Throws: `CommitUnavailable` when another host holds the author's key (atproto-spaces.md 9).
    package func commit(to head: RepoHead) throws -> SignedCommit {
        try Self.commit(to: head, with: authors.signingKey(of: DID(trusted: head.author)))
    }

    private static func commit(to head: RepoHead, with key: PrivateKey?) throws -> SignedCommit {
        guard let key, key.curve != .ed25519 else {
            throw ATProtoError("CommitUnavailable", "this host does not hold the key of the repo's author")
        }
        return try head.commit(with: key)
    }

    /// Lists the writers of a space, by DID or by the space's revisions (atproto-spaces.md 13.6).
    package func writers(
        _ permit: Permit, _ read: (RepoReader, SpaceURI) throws -> SpaceWriterPage
    ) throws -> SpaceWriterPage {
        try permit.require(.listRepos)
        return try store.read { try read(reader($0), permit.space) }
    }

    /// True where the state of the set hash may be shown: it would let others test guesses at records (13.4).
    package func isAuthor(_ permit: Permit, _ author: DID) -> Bool { permit.principal == author }

    /// On whose behalf the permit reads; throws unless it covers the author.
    private func viewer(_ permit: Permit, _ author: DID) throws(AccessRefusal) -> RepoViewer {
        switch permit.operation {
        case .readRecords(nil): break
        case .readRecords(let named) where named == author: break
        default: throw .closed
        }
        return isAuthor(permit, author) ? .author : .reader
    }

    /// Why an author's repo is not shown now; looked up before the read, which holds a connection.
    private func refusal(_ author: DID, to viewer: RepoViewer) throws -> ATProtoError? {
        viewer == .reader ? try authors.refusalToReaders(of: author) : nil
    }
}
