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
