import CapabilityGraph
import Multiformats
import Spaces
import Storage
import UCAN

/// `capservice backup`, `verify` and `rebuild`: work on a database, the first two also beside a service that runs on it.
enum DatabaseCommand {
    /// Copies the database as of one revision to a new file and reads the copy back; returns a line of JSON.
    static func backup(_ arguments: [String]) throws(OperatorError) -> String {
        let options = try OperatorOptions(arguments, allowed: ["data", "file", "to"])
        guard let target = options.target else {
            throw OperatorError(message: "`--to FILE` names the copy", isMistake: true)
        }
        return try OperatorAnswer.line { () throws -> [(String, JSON)] in
            let log = try SQLiteLog.open(path: options.file, mode: .readOnly)
            defer { log.close() }
            let revision = try log.backup(to: target)
            return [("backup", .string(target)), ("revision", .number(JSONNumber(revision)))]
        }
    }

    /// Reads everything stored and checks it, records, blobs and tokens included, and that the tables that are projections
    /// of the log hold what it says; returns a line of JSON.
    static func verify(_ arguments: [String]) throws(OperatorError) -> String {
        let options = try OperatorOptions(arguments, allowed: ["data", "file", "store"])
        return try OperatorAnswer.line { () throws -> [(String, JSON)] in
            var repos: RepoVerification?
            let families = ServedFamilies.standard.kept()
            let (summary, differences) = try verify(options, families) { repos = try RepoVerification($0) }
            if let first = differences.first {
                throw StorageError(
                    .corrupt, "the table `\(first.table)` does not hold what the log says: (\(first.example))",
                    hint: "stop the service and run `capservice rebuild`, which fills it from the log")
            }
            return [
                ("verified", .string(options.storeName)), ("revision", .number(JSONNumber(summary.lastRevision))),
                ("entries", .number(JSONNumber(summary.entryCount))),
                ("tokens", .number(JSONNumber(summary.tokenCount))),
                ("marks", .number(JSONNumber(summary.markCount))),
                ("values", .number(JSONNumber(summary.valueCount))),
                ("records", .number(JSONNumber(repos?.recordCount ?? 0))),
                ("blobs", .number(JSONNumber(repos?.blobCount ?? 0))),
                ("rows", .number(JSONNumber(summary.rowCount))),
            ]
        }
    }

    /// Fills the tables that are projections of the log anew; returns a line of JSON with what differed.
    static func rebuild(_ arguments: [String]) throws(OperatorError) -> String {
        let options = try OperatorOptions(arguments, allowed: ["data", "file", "store"])
        return try OperatorAnswer.line { () throws -> [(String, JSON)] in
            let families = ServedFamilies.standard.kept()
            let now = ServiceClock(file: nil).now() ?? Timestamp(microseconds: 0)
            let found =
                if let store = options.store {
                    try PostgresEngine.rebuild(store, families: families, at: now)
                } else {
                    try GraphStore.rebuildProjections(path: options.file, families: families, at: now)
                }
            return [("rebuilt", .string(options.storeName)), ("differed", .array(found.map(json)))]
        }
    }

    private static func verify(
        _ options: OperatorOptions, _ families: [any StoreFamily], _ checkContent: (any TableReader) throws -> Void
    ) throws -> (LogSummary, [ProjectionDifference]) {
        if let store = options.store {
            return try PostgresEngine.verify(store, families: families, checkContent)
        }
        let log = try SQLiteLog.open(path: options.file, mode: .readOnly)
        defer { log.close() }
        let summary = try log.verify(checkContent)
        return (summary, try GraphStore.compareProjections(path: options.file, families: families))
    }

    private static func json(_ difference: ProjectionDifference) -> JSON {
        [
            "table": .string(difference.table), "surplus": .number(JSONNumber(difference.surplus)),
            "missing": .number(JSONNumber(difference.missing)), "example": .string(difference.example),
        ]
    }
}
