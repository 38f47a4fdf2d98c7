package import ATProto
package import Storage
package import UCAN

/// Gives routes the repos of a store: one call a method, each in one transaction or on one consistent state.
package struct RepoStore: Sendable {
    package let store: GraphStore
    package let limits: RepoLimits
    private let clockID: UInt16
    private let observer: (any RepoObserver)?
    let authors: any RepoAuthors
    private let exports = ExportSlots(limit: 8)
    private let memory = RepoMemory()

    package init(
        _ store: GraphStore, limits: RepoLimits = RepoLimits(), clockID: UInt16 = 0,
        observer: (any RepoObserver)? = nil, authors: any RepoAuthors = NoAuthors()
    ) {
        self.store = store
        self.limits = limits
        self.clockID = clockID
        self.observer = observer
        self.authors = authors
    }

    /// Makes a writer inside a change that something else began, such as the deletion of a space.
    package func writer(_ change: TableChange) -> RepoWriter {
        RepoWriter(change, limits: limits, clockID: clockID, observer: observer)
    }

    /// Makes all writes of a batch or none; durable when it returns. An empty batch succeeds and changes nothing.
    func applyWrites(_ batch: WriteBatch, at now: Timestamp) throws -> WriteOutcome {
        try store.change(at: now) { try writer($0).apply(batch) }
    }

    /// Keeps a blob until a record refers to it, for a time otherwise.
    func uploadBlob(_ bytes: [UInt8], mimeType: String, account: String, at now: Timestamp) throws -> BlobRef {
        let blob = try UploadedBlob(bytes: bytes, mimeType: mimeType, limits: limits)
        return try store.change(at: now) { try writer($0).store(blob, account: account) }
    }

    /// Deletes an author's repo in a space; false when there was none.
    func deleteRepo(space: SpaceURI, author: String, at now: Timestamp) throws -> Bool {
        try store.change(at: now) { try writer($0).deleteRepo(space: space, author: author) }
    }

    /// Makes a reader of what is durable.
    func reader(_ tables: any TableReader) -> RepoReader { RepoReader(tables, remembering: memory) }

    /// Reads on one consistent state.
    func read<Value>(_ body: (RepoReader) throws -> Value) throws -> Value {
        try store.read { try body(reader($0)) }
    }

    /// Opens an export of a repo that the viewer may see.
    ///
    /// - Parameter sign: Makes a commit to the head, with the author's key, for this reader alone.
    /// - Throws: `RepoNotFound`, `RepoTakendown`, `PayloadTooLarge`, `RateLimitExceeded` while too many exports run, and
    ///   what `sign` throws.
    func export(
        space: SpaceURI, author: String, for viewer: RepoViewer, by reader: ExportReader, excludeValues: Bool,
        sign: (RepoHead) throws -> SignedCommit
    ) throws -> RepoExport {
        let slot = try exports.take(for: reader)
        let session = try store.openReadSession()
        do {
            let head = try self.reader(session).head(space: space, author: author, for: viewer)
            return try RepoExport(session, head: head, commit: try sign(head), excludeValues: excludeValues, slot: slot)
        } catch {
            session.close()
            throw error
        }
    }

    /// Clears deleted repos, collects blobs whose time is over and prunes logs, in small changes; for a periodic sweep.
    package func sweep(at now: Timestamp) throws {
        while try store.change(at: now, { try writer($0).clearDiscarded() }) > 0 {}
        while try store.change(at: now, { try writer($0).collectBlobs() }) > 0 {}
        let long = try store.change(at: now) { change in
            try writer(change).longLogs().map { RepoName(space: $0.space, author: $0.author) }
        }
        for repo in long {
            while try store.change(at: now, { try writer($0).pruneLog(space: repo.space, author: repo.author) }) > 0 {
            }
        }
    }

    private struct RepoName: Sendable {
        let space: SpaceURI
        let author: String
    }
}

extension RepoHead {
    /// Commits the author to this head with their `#atproto` key; every reader gets a commit of their own.
    package func commit(with key: PrivateKey) throws(ATProtoError) -> SignedCommit {
        try SignedCommit.make(space: space.text, author: author, rev: rev.text, hash: hash, key: key)
    }
}
