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

    package init(_ tables: any TableReader) { self.tables = tables }

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
        try tables.first(
            """
            SELECT r.id, r.space, r.status, r.rev, r.record_count, r.operation_count, r.pruned_through, r.digest \
            FROM space_revision s JOIN repo r ON r.space = s.id WHERE s.uri = ?1 AND r.author = ?2
            """,
            [.text(space.text), .text(author)]
        ) { row in
            RepoHead(
                id: row.integer(0), spaceNumber: row.integer(1), space: space, author: author,
                status: RepoStatus(rawValue: row.integer(2)) ?? .deleted, rev: TID(column: row.integer(3)),
                recordCount: row.integer(4), operationCount: row.integer(5),
                prunedThrough: TID(column: row.integer(6)), hash: row.bytes(7))
        }
    }

    /// Gives the set hash of a repo, 2048 bytes.
    package func hashState(of head: RepoHead) throws -> LtHash {
        let state = try tables.first("SELECT state FROM repo WHERE id = ?1", [.integer(head.id)]) { $0.bytes(0) }
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
        try tables.first("SELECT rev FROM space_revision WHERE uri = ?1", [.text(space.text)]) {
            $0.optionalInteger(0).map(TID.init(column:))
        } ?? nil
    }
}
