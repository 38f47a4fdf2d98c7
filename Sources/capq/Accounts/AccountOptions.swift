/// Lists the options of commands that act as an account of a service.
enum AccountOptions {
    static let acting = Option(
        "as", "HANDLE", "account to act as, the current one by default", kind: .account)
    static let space = Option("space", short: "s", "URI", "space, that of the context by default")
    static let limit = Option("limit", short: "n", "COUNT", "rows a page, 100 by default", kind: .integer(1...1_000))
    static let cursor = Option("cursor", "CURSOR", "go on where an earlier page ended")
    static let allPages = Flag("all-pages", "follow the list to its end")
    static let use = Flag("use", "make it the default space of the context")
}
