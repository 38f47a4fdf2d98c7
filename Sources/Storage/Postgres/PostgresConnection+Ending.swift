import CPostgres

extension PostgresConnection {
    /// What becomes of a transaction that was told to commit.
    enum Outcome {
        case committed
        /// Nothing of it was kept.
        case failed(PostgresFailure)
        /// The server may have kept it: the answer was lost, or came with a warning.
        case unknown
    }

    /// Commits the open transaction. Only an answer that names the commit, and that came alone, is taken for one.
    func commit() -> Outcome {
        guard let handle, PQtransactionStatus(handle) == PQTRANS_INTRANS else {
            // Nothing was sent: the server takes back what it has.
            let error = StorageError(.unavailable, "the transaction at `\(server)` had ended")
            close()
            return .failed(PostgresFailure(error, isConnectionLost: true))
        }
        notices.warned = false
        guard PQsendQuery(handle, "COMMIT") == 1 else {
            close()
            return .unknown
        }
        var tag = ""
        do throws(PostgresFailure) {
            _ = try results { tag = PQcmdStatus($0).map { String(cString: $0) } ?? "" }
        } catch {
            guard error.isConnectionLost else { return .failed(error) }
            close()
            return .unknown
        }
        guard !notices.warned else {
            close()
            return .unknown
        }
        if tag == "COMMIT" { return .committed }
        return .failed(PostgresFailure(StorageError(.internal, "the transaction at `\(server)` had failed")))
    }

    /// What a state of the database says of where it stands.
    struct Standing {
        /// At which its log ends.
        let revision: UInt64
        /// Who holds the store, in hexadecimal digits; empty where nobody does.
        let node: String
        /// How many renewals of the holder it has.
        let beat: Int64
    }

    /// Begins to read one state of the database; gives where that stands.
    func beginReading() throws(PostgresFailure) -> Standing {
        var standing: Standing?
        try execute(PostgresSchema.beginReading) { result in
            guard PQntuples(result) == 1 else { return }
            let texts = (0..<3).compactMap { PQgetvalue(result, 0, $0).map { String(cString: $0) } }
            guard texts.count == 3, let revision = UInt64(texts[0]), let beat = Int64(texts[2]) else { return }
            standing = Standing(revision: revision, node: texts[1], beat: beat)
        }
        guard let standing else { throw PostgresFailure(.damaged("the head of the log", in: server)) }
        return standing
    }

    /// Takes back the open transaction; a connection that cannot is closed, which does the same.
    func rollBack() {
        do throws(PostgresFailure) { try execute("ROLLBACK") } catch { close() }
    }

    /// The address as it may be shown: what stands before an `@` may be a password.
    static func named(_ address: String) -> String {
        guard let scheme = address.firstRange(of: "://") else { return "postgres" }
        let rest = address[scheme.upperBound...].prefix { $0 != "?" }
        return String(rest.split(separator: "@", omittingEmptySubsequences: false).last ?? rest)
    }
}
