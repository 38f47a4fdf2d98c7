package import ATProto
import Multiformats
package import Storage
import UCAN

/// Says who may see a repo.
package enum RepoStatus: Int64, Sendable, Hashable {
    case live = 0
    /// Its space was deleted: only the author reads, exports and deletes it (atproto-spaces.md 18).
    case orphaned = 1
    /// Emptied for good; its row only keeps revisions from going back.
    case deleted = 2
    /// Hidden from everybody but the author.
    case takenDown = 3
}

/// The state of a repo at its newest revision.
package struct RepoHead: Sendable, Hashable {
    /// The row's number.
    package let id: Int64
    package let spaceNumber: Int64
    package let space: SpaceURI
    package let author: String
    package let status: RepoStatus
    package let rev: TID
    /// Records in the repo and operations in its log.
    package let recordCount: Int64
    package let operationCount: Int64
    /// Operations at this revision and below are no longer in the log; 0 when it is whole.
    package let prunedThrough: TID
    /// Set-hash digest, 32 bytes.
    package let hash: [UInt8]
}

extension RepoHead {
    /// Gives itself to whoever may see the repo; throws `RepoNotFound` or `RepoTakendown` to others.
    func shown(to viewer: RepoViewer) throws(ATProtoError) -> RepoHead {
        switch (status, viewer) {
        case (_, .author), (.live, .reader): return self
        case (.takenDown, .reader): throw ATProtoError("RepoTakendown", "the repo has been taken down")
        case (.orphaned, .reader), (.deleted, .reader): throw RepoReader.repoNotFound
        }
    }
}

/// Says on whose behalf a repo is read.
package enum RepoViewer: Sendable, Hashable {
    case author
    /// A holder of a space credential or another member.
    case reader
}

/// Reads repos from one consistent state of the tables.
package struct RepoReader {
    package let tables: any TableReader

    let memory: RepoMemory?

    package init(_ tables: any TableReader) { self.init(tables, remembering: nil) }

    /// `memory` is only for readers of what is durable.
    init(_ tables: any TableReader, remembering memory: RepoMemory?) {
        self.tables = tables
        self.memory = memory
    }

    /// Gives a repo's head, nil where nothing was ever written or all of it was deleted.
    package func head(space: SpaceURI, author: String) throws -> RepoHead? {
        guard let head = try storedHead(space: space, author: author), head.status != .deleted else { return nil }
        return head
    }

    /// Gives the head of a repo that the viewer may see.
    ///
    /// - Throws: `RepoNotFound`; `RepoTakendown` to readers.
    package func head(space: SpaceURI, author: String, for viewer: RepoViewer) throws -> RepoHead {
        guard let head = try head(space: space, author: author) else { throw Self.repoNotFound }
        return try head.shown(to: viewer)
    }

    static var repoNotFound: ATProtoError { ATProtoError("RepoNotFound", "the repo does not exist") }

    /// Gives the row whatever its status.
    func storedHead(space: SpaceURI, author: String) throws -> RepoHead? {
        guard let number = try number(of: space) else { return nil }
        guard let memory else { return try storedHead(space: space, number, author: author) }
        return try memory.head(of: author, in: number, at: tables.stateNumber) {
            try storedHead(space: space, number, author: author)
        }
    }

    private func storedHead(space: SpaceURI, _ number: Int64, author: String) throws -> RepoHead? {
        try tables.first(
            RepoTable.self, Self.headColumns, where: [RepoTable.space.is(number), RepoTable.author.is(author)]
        ) { row in
            RepoHead(
                id: row[RepoTable.id], spaceNumber: number, space: space, author: author,
                status: RepoStatus(rawValue: row[RepoTable.status]) ?? .deleted, rev: TID(column: row[RepoTable.rev]),
                recordCount: row[RepoTable.recordCount], operationCount: row[RepoTable.operationCount],
                prunedThrough: TID(column: row[RepoTable.prunedThrough]), hash: row[RepoTable.digest])
        }
    }

    /// All but the set hash, which is large.
    private static let headColumns: [any AnyColumn] = [
        RepoTable.id, RepoTable.status, RepoTable.rev, RepoTable.recordCount, RepoTable.operationCount,
        RepoTable.prunedThrough, RepoTable.digest,
    ]

    /// Gives the set hash of a repo, 2048 bytes.
    package func hashState(of head: RepoHead) throws -> LtHash {
        let state = try tables.first(RepoTable.self, [RepoTable.state], where: [RepoTable.id.is(head.id)]) {
            $0[RepoTable.state]
        }
        guard let state, let hash = try? LtHash(state: state) else {
            throw StorageError(.corrupt, "a stored set hash is not of 2048 bytes", hint: "restore from a backup")
        }
        // A write builds on the state and signs what comes of it.
        guard SHA256.hash(state).bytes == head.hash else {
            throw StorageError.damaged("the set hash of the repo `\(head.space.text)/\(head.author)`")
        }
        return hash
    }

    /// Gives the revision of a space, nil before its first accepted write.
    package func revision(of space: SpaceURI) throws -> TID? {
        try tables.first(
            SpaceRevisionTable.self, [SpaceRevisionTable.rev], where: [SpaceRevisionTable.uri.is(space.text)]
        ) { $0[SpaceRevisionTable.rev].map(TID.init(column:)) } ?? nil
    }

    /// Gives the number of a space that anything was written to.
    func number(of space: SpaceURI) throws -> Int64? {
        if let known = memory?.numbers[space.text] { return known }
        let found = try tables.first(
            SpaceRevisionTable.self, [SpaceRevisionTable.id], where: [SpaceRevisionTable.uri.is(space.text)]
        ) { $0[SpaceRevisionTable.id] }
        if let found { memory?.numbers.insert(found, for: space.text) }
        return found
    }

    /// Gives the space that has a number.
    func space(numbered number: Int64) throws -> SpaceURI? {
        try tables.first(
            SpaceRevisionTable.self, [SpaceRevisionTable.uri], where: [SpaceRevisionTable.id.is(number)]
        ) { row in
            guard let space = try? SpaceURI(row[SpaceRevisionTable.uri]) else {
                throw StorageError.damaged("the name of a space in `space_revision`")
            }
            return space
        }
    }
}
