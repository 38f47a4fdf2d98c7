import ATProto
import Glibc
import Multiformats
import Synchronization

/// What the operator's lexicons say: what scopes stand for, and what records must look like.
struct Lexicons: Sendable {
    var declarations = LexiconDeclarations()
    var records = LexiconCatalog()
}

/// Holds the operator's lexicons, read from a folder at the start and again when told to.
final class LexiconFolder: Sendable {
    /// Files that one folder may hold, with the folders below it.
    static let maximumFiles = 1000
    /// Bytes of all files together.
    static let maximumBytes = 16 << 20
    static let maximumDepth = 16

    /// Names the file that is wrong, and why.
    struct Fault: Error, Hashable {
        let message: String
    }

    private let path: String?
    private let held: Mutex<Lexicons>

    /// Reads the folder; without one nothing is declared and no record known. Throws `Fault`.
    init(_ path: String?) throws(Fault) {
        self.path = path
        held = Mutex(try path.map { path throws(Fault) in try Self.read(path) } ?? Lexicons())
    }

    var current: Lexicons { held.withLock { $0 } }

    /// Reads the folder again. What is wrong now is thrown, and what was read before stays.
    func reload() throws(Fault) {
        guard let path else { return }
        let new = try Self.read(path)
        held.withLock { $0 = new }
    }

    private static func read(_ path: String) throws(Fault) -> Lexicons {
        var documents: [String: LexiconDocument] = [:]
        var files: [String] = []
        try list(path, depth: 0, into: &files)
        var bytesLeft = maximumBytes
        for file in files.sorted() {
            guard let bytes = FileBytes.read(file, limit: min(LexiconDocument.limits.maxBytes, bytesLeft)) else {
                throw Fault(message: "cannot read the lexicon `\(file)`, or it is too large")
            }
            bytesLeft -= bytes.count
            do throws(ATProtoError) {
                let document = try LexiconDocument(text: Array(UTF8Bytes.withoutMark(bytes)))
                guard documents.updateValue(document, forKey: document.id) == nil else {
                    throw ATProtoError("InvalidLexicon", "`\(document.id)` is given twice")
                }
            } catch {
                throw Fault(message: "the lexicon `\(file)` is not sound: \(error.message)")
            }
        }
        do throws(ATProtoError) {
            let all = Array(documents.values)
            return Lexicons(declarations: try LexiconDeclarations(all), records: try LexiconCatalog(all))
        } catch {
            throw Fault(message: "the lexicons in `\(path)` are not sound: \(error.message)")
        }
    }

    /// Finds the files whose names end in `.json`, in folders below too; what is hidden, and links, are passed over.
    private static func list(_ folder: String, depth: Int, into files: inout [String]) throws(Fault) {
        guard depth <= maximumDepth else { throw Fault(message: "the lexicon folder `\(folder)` lies too deep") }
        guard let stream = opendir(folder) else { throw Fault(message: "cannot read the lexicon folder `\(folder)`") }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            guard !name.hasPrefix(".") else { continue }
            let path = folder + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0 else { throw Fault(message: "cannot read the lexicon `\(path)`") }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: try list(path, depth: depth + 1, into: &files)
            case S_IFREG where name.hasSuffix(".json"):
                files.append(path)
                guard files.count <= maximumFiles else {
                    throw Fault(message: "the lexicon folder `\(folder)` has more than \(maximumFiles) files")
                }
            default: break
            }
        }
    }
}
