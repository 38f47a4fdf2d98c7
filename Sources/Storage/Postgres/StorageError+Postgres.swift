import CPostgres

/// Why a statement failed, and whether its connection is gone with it.
struct PostgresFailure: Error {
    let error: StorageError
    let isConnectionLost: Bool
    /// Five characters by which the server names the failure; nil where it said nothing.
    let state: String?

    /// A lock was not to be had, or transactions stood in each other's way: the same may succeed when it is run again.
    var isPassing: Bool { state.map { ["40001", "40P01", "55P03"].contains($0) } ?? false }

    init(_ error: StorageError, isConnectionLost: Bool = false, state: String? = nil) {
        self.error = error
        self.isConnectionLost = isConnectionLost
        self.state = state
    }

    /// The server is out of reach: the socket broke, or said nothing for too long.
    static func lost(_ server: String, _ reason: String) -> PostgresFailure {
        PostgresFailure(
            StorageError(
                .unavailable, "the database at `\(server)` cannot be reached: \(reason)",
                hint: "check that it runs and may be reached from here"),
            isConnectionLost: true)
    }
}

extension PostgresFailure {
    /// Translates what the server said (postgres.md 8.3).
    init(state: String, message: String, server: String) {
        let told = "the database at `\(server)` says: \(message)"
        func error(_ code: StorageError.Code, hint: String? = nil) -> StorageError {
            StorageError(code, "\(told) (\(state))", hint: hint)
        }
        switch state {
        // The end of the session: its socket is closed, or about to be.
        case "57P01", "57P02", "57P03", "57P05", "25P03":
            self.init(error(.unavailable), isConnectionLost: true, state: state)
        case _ where state.hasPrefix("08"):
            self.init(error(.unavailable), isConnectionLost: true, state: state)
        case "40001", "40P01", "55P03":
            self.init(error(.locked, hint: "try again"), state: state)
        case "53100": self.init(error(.diskFull, hint: "free space; nothing acknowledged was lost"), state: state)
        case _ where state.hasPrefix("53"):
            self.init(error(.unavailable, hint: "allow the server more connections or memory"), state: state)
        case "25006":
            self.init(
                error(.unavailable, hint: "connect to the server that takes writes"), isConnectionLost: true,
                state: state)
        // A text that no column holds, and one that no index does.
        case "22021", "54000": self.init(error(.unstorable), state: state)
        // Values that break a rule of the table, or that no such column takes.
        case _ where state.hasPrefix("23"), "22P02", "22P03", "22003", "42804":
            self.init(error(.constraint), state: state)
        case "42P01", "42703", "42883":
            self.init(
                error(.olderFormatUnsupported, hint: "this is not the database that this release made"), state: state)
        case "42501": self.init(error(.readOnly, hint: "let the role write"), state: state)
        case "28000", "28P01", "3D000":
            self.init(error(.notFound, hint: "check the name and the password in the address"), state: state)
        case _ where state.hasPrefix("58"): self.init(error(.ioError), state: state)
        case "XX001", "XX002":
            self.init(error(.corrupt, hint: "restore it from a backup"), state: state)
        default: self.init(error(.internal), state: state)
        }
    }
}
