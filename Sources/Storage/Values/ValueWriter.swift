package import CapabilityGraph
package import Multiformats
import UCAN

/// Says why a change of the key-value plane is not made; thrown before anything is written.
package enum ValueRefusal: Error, Sendable, Equatable {
    /// The value is not the one that the change was made for, or there is one where there should be none.
    case preconditionFailed
    /// There is nothing at this path.
    case missing(path: String)
    /// The space has no room at all.
    case full(used: Int64, limit: Int64)
    /// The space has room, but not for this.
    case tooLarge(used: Int64, limit: Int64)
}

/// What must be so for a change to be made.
package enum ValuePrecondition: Sendable, Equatable {
    case absent
    case digest(Digest)
}

/// Writes the key-value plane inside one change, which counts what a space holds.
package struct ValueWriter {
    private let change: TableChange
    private let quota: Int64

    /// - Parameter quota: Bytes that the values of one space may cost together; 0 for any number.
    package init(_ change: TableChange, quota: Int64) {
        self.change = change
        self.quota = quota
    }

    /// Puts values at different paths of a space, all of them or none.
    ///
    /// - Throws: `ValueRefusal`.
    package func put(
        _ values: [(path: String, value: NewValue)], in space: Space, if precondition: ValuePrecondition? = nil
    ) throws {
        let account = try account(space)
        var (used, count) = (account?.used ?? 0, account?.count ?? 0)
        let before = used
        for (path, value) in values {
            let old = try account.flatMap { try self.old(path, $0.id, space) }
            try require(precondition, old)
            used += Self.cost(path, value) - (old?.cost ?? 0)
            if old == nil { count += 1 }
        }
        // What makes a space smaller, or leaves it as it is, is never refused.
        if quota > 0, used > quota, used > before {
            throw before >= quota
                ? ValueRefusal.full(used: before, limit: quota) : ValueRefusal.tooLarge(used: before, limit: quota)
        }
        let number = try account?.id ?? open(space)
        for (path, value) in values {
            let size = Int64(value.bytes.count)
            let checksum = ValueRow.checksum(
                space: space.text, path: path, digest: value.digest, size: size, updatedAt: change.now.microseconds,
                headers: value.headers)
            let content = [
                ValueTable.digest.to(value.digest.bytes), ValueTable.size.to(size),
                ValueTable.updatedAt.to(change.now.microseconds), ValueTable.checksum.to(checksum),
                ValueTable.headers.to(value.headers), ValueTable.bytes.to(value.bytes),
            ]
            let place = [ValueTable.space.is(number), ValueTable.path.is(path)]
            guard try change.update(ValueTable.self, content, where: place) == 0 else { continue }
            try change.insert(
                ValueTable.self, [ValueTable.space.to(number), ValueTable.path.to(path)] + content)
        }
        try settle(number, used: used, count: count)
    }

    /// Deletes the value at a path and gives the digest it had.
    ///
    /// - Throws: `ValueRefusal`.
    package func delete(_ path: String, in space: Space, if precondition: ValuePrecondition? = nil) throws -> Digest {
        let account = try account(space)
        let old = try account.flatMap { try self.old(path, $0.id, space) }
        try require(precondition, old)
        guard let account, let old else { throw ValueRefusal.missing(path: path) }
        try change.delete(ValueTable.self, where: [ValueTable.space.is(account.id), ValueTable.path.is(path)])
        try settle(account.id, used: account.used - old.cost, count: account.count - 1)
        return old.digest
    }

    private func account(_ space: Space) throws -> (id: Int64, used: Int64, count: Int64)? {
        try change.first(ValueSpaceTable.self, where: [ValueSpaceTable.space.is(space.text)]) {
            (id: $0[ValueSpaceTable.id], used: $0[ValueSpaceTable.used], count: $0[ValueSpaceTable.valueCount])
        }
    }

    private func old(_ path: String, _ number: Int64, _ space: Space) throws -> (digest: Digest, cost: Int64)? {
        try change.first(
            ValueTable.self, ValueRow.columns, where: [ValueTable.space.is(number), ValueTable.path.is(path)]
        ) {
            let row = try ValueRow($0, space: space.text, path: path)
            return (row.digest, row.cost(at: path))
        }
    }

    private func require(_ precondition: ValuePrecondition?, _ old: (digest: Digest, cost: Int64)?) throws {
        switch precondition {
        case nil: return
        case .absent: guard old == nil else { throw ValueRefusal.preconditionFailed }
        case .digest(let digest): guard old?.digest == digest else { throw ValueRefusal.preconditionFailed }
        }
    }

    private func open(_ space: Space) throws -> Int64 {
        try change.insert(
            ValueSpaceTable.self,
            [
                ValueSpaceTable.space.to(space.text), ValueSpaceTable.valueCount.to(0), ValueSpaceTable.used.to(0),
            ])
    }

    private func settle(_ number: Int64, used: Int64, count: Int64) throws {
        try change.update(
            ValueSpaceTable.self, [ValueSpaceTable.used.to(used), ValueSpaceTable.valueCount.to(count)],
            where: [ValueSpaceTable.id.is(number)])
    }

    private static func cost(_ path: String, _ value: NewValue) -> Int64 {
        Int64(value.bytes.count + path.utf8.count + value.headers.count)
    }
}
