/// Names whom to ask, and with which key and space by default.
struct Context: Sendable, Equatable {
    enum Source: Sendable, Equatable {
        /// Base URL of a service.
        case service(String)
        /// Path of a database file.
        case database(String)
    }

    let name: String
    var source: Source
    /// Key name or path.
    var key: String?
    /// Space id.
    var space: String?
}
