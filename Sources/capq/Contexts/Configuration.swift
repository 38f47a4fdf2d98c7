import Multiformats

/// Holds the named contexts and which of them is current.
struct Configuration: Sendable, Equatable {
    static let schema = "capq/config/1"

    /// Name of the context used when none is given.
    var current: String?
    /// In the order they were made.
    var contexts: [Context] = []

    init() {}

    /// Reads `config.json` strictly; `path` is for the message.
    init(_ bytes: [UInt8], path: String) throws(CommandError) {
        func refuse(_ why: String) -> CommandError {
            CommandError(.failure, "`\(path)` is not a configuration: \(why)", hint: "mend the file, or move it away")
        }
        let json: JSON
        do {
            json = try JSON.parse(bytes)
        } catch {
            throw refuse(error.message)
        }
        guard json["schema"]?.string.map({ $0.hasSameBytes(as: Self.schema) }) ?? false else {
            throw refuse("its schema is not `\(Self.schema)`")
        }
        current = json["current"]?.string
        for entry in json["contexts"]?.array ?? [] {
            guard let name = entry["name"]?.string else { throw refuse("a context has no name") }
            let source: Context.Source
            if let url = entry["url"]?.string {
                source = .service(url)
            } else if let file = entry["database"]?.string {
                source = .database(file)
            } else {
                throw refuse("context `\(name)` has no url and no database")
            }
            guard self[name] == nil else { throw refuse("context `\(name)` is there twice") }
            contexts.append(
                Context(name: name, source: source, key: entry["key"]?.string, space: entry["space"]?.string)
            )
        }
    }

    /// Finds a context by name.
    subscript(_ name: String) -> Context? {
        contexts.first { $0.name.hasSameBytes(as: name) }
    }

    /// Adds a context, or replaces the one of its name.
    mutating func put(_ context: Context) {
        if let place = contexts.firstIndex(where: { $0.name.hasSameBytes(as: context.name) }) {
            contexts[place] = context
        } else {
            contexts.append(context)
        }
    }

    /// Writes the object as it stands in the file.
    func serialized() -> [UInt8] {
        var object = JSONObject(schema: Self.schema)
        if let current { object["current"] = .string(current) }
        object["contexts"] = .array(contexts.map { .object($0.jsonObject) })
        return Array((JSONPrinter.indented(.object(object)) + "\n").utf8)
    }
}

extension Context {
    /// Lists the members of the context as file and answers show them.
    var jsonObject: JSONObject {
        var object = JSONObject()
        object["name"] = .string(name)
        switch source {
        case .service(let url): object["url"] = .string(url)
        case .database(let file): object["database"] = .string(file)
        }
        if let key { object["key"] = .string(key) }
        if let space { object["space"] = .string(space) }
        return object
    }
}
