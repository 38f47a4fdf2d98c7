import Multiformats
import Spaces
import Storage

/// `capservice backup` and `capservice verify`: work on a database, also beside a service that runs on it.
enum DatabaseCommand {
    /// Says what went wrong, for standard error.
    struct Failure: Error {
        let message: String
        var hint: String?
        var isMistake = false
    }

    /// Copies the database as of one revision to a new file and reads the copy back; returns a line of JSON.
    static func backup(_ arguments: [String]) throws(Failure) -> String {
        let options = try Options(arguments, allowed: ["data", "file", "to"])
        guard let target = options.target else {
            throw Failure(message: "`--to FILE` names the copy", isMistake: true)
        }
        return try line { () throws -> [(String, JSON)] in
            let log = try SQLiteLog.open(path: options.file, mode: .readOnly)
            defer { log.close() }
            let revision = try log.backup(to: target)
            return [("backup", .string(target)), ("revision", .number(JSONNumber(revision)))]
        }
    }

    /// Reads everything stored and checks it, records, blobs and tokens included; returns a line of JSON.
    static func verify(_ arguments: [String]) throws(Failure) -> String {
        let options = try Options(arguments, allowed: ["data", "file"])
        return try line { () throws -> [(String, JSON)] in
            let log = try SQLiteLog.open(path: options.file, mode: .readOnly)
            defer { log.close() }
            var repos: RepoVerification?
            let summary = try log.verify { repos = try RepoVerification($0) }
            return [
                ("verified", .string(options.file)), ("revision", .number(JSONNumber(summary.lastRevision))),
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

    private static func line(_ make: () throws -> [(String, JSON)]) throws(Failure) -> String {
        do {
            let members = try make().map { (key: $0.0, value: $0.1) }
            return String(decoding: JSON.object(JSONObject(members) ?? JSONObject()).serialized(), as: UTF8.self)
        } catch {
            let (message, hint) = ServiceStartError.words(error)
            throw Failure(message: message, hint: hint)
        }
    }

    private struct Options {
        var file = Settings().database
        var target: String?

        init(_ arguments: [String], allowed: Set<String>) throws(Failure) {
            var rest = arguments[...]
            while let word = rest.popFirst() {
                guard word.hasPrefix("--"), allowed.contains(String(word.dropFirst(2))) else {
                    throw Failure(message: "unexpected argument `\(word)`", isMistake: true)
                }
                guard let value = rest.popFirst() else {
                    throw Failure(message: "`\(word)` needs a value", isMistake: true)
                }
                switch word {
                case "--file": file = value
                case "--to": target = value
                default:
                    var settings = Settings()
                    settings.data = value
                    file = settings.database
                }
            }
        }
    }
}
