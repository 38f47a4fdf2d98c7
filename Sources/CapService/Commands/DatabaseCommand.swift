import Multiformats
import Storage

/// `capservice backup` and `capservice verify`: work on a database, also beside a service that runs on it.
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

    /// Reads everything stored and checks it, tokens included; returns a line of JSON.
    static func verify(_ arguments: [String]) throws(OperatorError) -> String {
        let options = try OperatorOptions(arguments, allowed: ["data", "file"])
        return try OperatorAnswer.line { () throws -> [(String, JSON)] in
            let log = try SQLiteLog.open(path: options.file, mode: .readOnly)
            defer { log.close() }
            let summary = try log.verify()
            return [
                ("verified", .string(options.file)), ("revision", .number(JSONNumber(summary.lastRevision))),
                ("entries", .number(JSONNumber(summary.entryCount))),
                ("tokens", .number(JSONNumber(summary.tokenCount))),
                ("marks", .number(JSONNumber(summary.markCount))),
                ("values", .number(JSONNumber(summary.valueCount))),
            ]
        }
    }
}
