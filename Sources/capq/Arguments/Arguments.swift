/// Holds what one command line said, read through the values that describe it.
struct Arguments: Sendable, Equatable {
    /// Names from the root command to the one that runs, aliases resolved.
    var path: [String] = []
    var flags: Set<String> = []
    var options: [String: [String]] = [:]
    var positionals: [String: String] = [:]

    /// Tells whether the flag was given.
    subscript(_ flag: Flag) -> Bool { flags.contains(flag.name) }

    /// Returns the option's value, the last one when it repeats.
    subscript(_ option: Option) -> String? { options[option.name]?.last }

    /// Returns every value of an option that repeats, in order.
    func all(_ option: Option) -> [String] { options[option.name] ?? [] }

    /// Returns a value that may be left out.
    subscript(_ positional: Positional) -> String? { positionals[positional.name] }

    /// Returns a value the parser already asked for.
    func required(_ positional: Positional) throws(CommandError) -> String {
        guard let value = positionals[positional.name] else {
            throw .usage("\(positional.name) is missing")
        }
        return value
    }

    /// Returns a number the parser already checked.
    func integer(_ option: Option) -> Int? { self[option].flatMap { Int($0) } }

    /// Returns a duration in seconds the parser already checked.
    func seconds(_ option: Option) -> Int64? { self[option].flatMap { Span.seconds($0) } }
}

/// Lists the flags and options every command takes.
enum StandardOptions {
    static let help = Flag("help", short: "h", "show this help")
    static let full = Flag("full", "show whole ids and cut nothing")
    static let output = Option(
        "output",
        short: "o",
        "FORMAT",
        "\(OutputFormat.allCases.map(\.rawValue).joined(separator: "|")); table on a terminal, json in a pipe",
        kind: .choice(OutputFormat.allCases.map(\.rawValue))
    )
    static let context = Option("context", "NAME", "context to use instead of the current one", kind: .context)
    static let url = Option("url", "URL", "service to ask, overriding the context")
    static let database = Option("db", "FILE", "database file to ask, overriding the context", kind: .file)
    static let key = Option("key", short: "k", "KEY", "key name or key file, overriding the context", kind: .key)

    static let flags: [Flag] = [help, full]
    static let options: [Option] = [output, context, url, database, key]
}
