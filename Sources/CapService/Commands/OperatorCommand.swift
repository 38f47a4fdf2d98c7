import CapabilityGraph
import Identity
import Multiformats
import Storage
import UCAN

/// Says on standard error why a command of the operator came to nothing.
struct OperatorError: Error {
    let message: String
    var hint: String?
    /// True where the command was not understood.
    var isMistake = false
}

/// The words of a command of the operator: options with their values, and what stands between them.
struct OperatorOptions {
    var file = Settings().database
    var data = Settings().data
    /// The address of a database of PostgreSQL, in place of a file.
    var store: String?
    var target: String?
    private(set) var words: [String] = []

    /// `words` is how many words that are no options the command takes.
    init(_ arguments: [String], allowed: Set<String>, words wanted: Int = 0) throws(OperatorError) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                guard words.count < wanted else { throw Self.unexpected(word) }
                words.append(word)
                continue
            }
            guard allowed.contains(String(word.dropFirst(2))) else { throw Self.unexpected(word) }
            guard let value = rest.popFirst() else {
                throw OperatorError(message: "`\(word)` needs a value", isMistake: true)
            }
            switch word {
            case "--file": file = value
            case "--to": target = value
            case "--store":
                do throws(SettingsError) {
                    store = try SettingsParser.store(value)
                } catch {
                    throw OperatorError(message: error.message, hint: error.hint, isMistake: true)
                }
            default:
                var settings = Settings()
                settings.data = value
                (data, file) = (value, settings.database)
            }
        }
    }

    /// What the store is called in answers.
    var storeName: String { store.map { PostgresEngine.name(of: $0) } ?? file }

    private static func unexpected(_ word: String) -> OperatorError {
        OperatorError(message: "unexpected argument `\(word)`", isMistake: true)
    }
}

/// Puts what a command did, or why it could not, into words.
enum OperatorAnswer {
    static func line(_ make: () throws -> [(String, JSON)]) throws(OperatorError) -> String {
        do {
            let members = try make().map { (key: $0.0, value: $0.1) }
            return String(decoding: JSON.object(JSONObject(members) ?? JSONObject()).serialized(), as: UTF8.self)
        } catch let error as OperatorError {
            throw error
        } catch {
            let (message, hint) = ServiceStartError.words(error)
            throw OperatorError(message: message, hint: hint)
        }
    }
}

/// Puts what stopped the service from starting into words.
enum ServiceStartError {
    static func words(_ error: any Error) -> (message: String, hint: String?) {
        switch error {
        case let error as StorageError: (error.message, error.hint)
        case let error as IdentityError: (error.message, error.hint)
        case let error as LexiconFolder.Fault: (error.message, "mend the file, or take it out of the folder")
        case let error as GraphError: (error.message, nil)
        case let error as UCANError: (error.message, nil)
        default: ("\(error)", nil)
        }
    }
}
