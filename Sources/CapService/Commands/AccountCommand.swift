import ATProto
import Glibc
import Identity
import Multiformats
import Spaces
import Storage
import UCAN

/// `capservice account` and `capservice repo`: what an operator does to accounts and to what they wrote, on the data folder
/// of a service that does not run.
enum AccountCommand {
    private enum Verb: String, CaseIterable {
        case suspend, takedown, activate, delete

        /// What the account is from then on; nil when it is gone.
        var status: Account.Status? {
            switch self {
            case .suspend: .suspended
            case .takedown: .takenDown
            case .activate: .active
            case .delete: nil
            }
        }
    }

    /// `account VERB NAME`: the name is a DID or a handle; returns a line of JSON.
    static func account(_ arguments: [String]) throws(OperatorError) -> String {
        let options = try OperatorOptions(arguments, allowed: ["data", "store"], words: 2)
        let verbs = Verb.allCases.map(\.rawValue).joined(separator: ", ")
        guard let verb = options.words.first.flatMap(Verb.init), options.words.count == 2 else {
            throw OperatorError(message: "`account` takes one of \(verbs), and a DID or a handle", isMistake: true)
        }
        return try change(options) { service, now in
            let account = try find(options.words[1], in: service.accounts)
            var answer: [(String, JSON)] = [
                ("account", .string(account.did.text)), ("handle", .string(account.handle)),
                ("status", .string(verb.status?.word ?? (verb == .delete ? "deleted" : "active"))),
            ]
            if let status = verb.status {
                try service.accounts.setStatus(status, of: account.did, at: now)
            } else {
                answer.append(("spaces", .number(JSONNumber(try delete(account.did, from: service, at: now)))))
            }
            return answer
        }
    }

    /// `repo takedown|restore SPACE AUTHOR`: hides what one author wrote in a space from everybody else, or shows it again.
    static func repo(_ arguments: [String]) throws(OperatorError) -> String {
        let options = try OperatorOptions(arguments, allowed: ["data", "store"], words: 3)
        guard options.words.count == 3, ["takedown", "restore"].contains(options.words[0]) else {
            throw OperatorError(
                message: "`repo` takes `takedown` or `restore`, the URI of a space, and a DID", isMistake: true)
        }
        let isDown = options.words[0] == "takedown"
        return try change(options) { service, now in
            let space = try SpaceURI(accepting: options.words[1])
            let (author, repos) = (options.words[2], service.spaces.repos)
            let isFound = try service.store.change(at: now) {
                try repos.writer($0).setTakenDown(isDown, space: space, author: author)
            }
            guard isFound else {
                throw OperatorError(
                    message:
                        "`\(author)` has no repo in `\(space.text)` that could be \(isDown ? "taken down" : "restored")"
                )
            }
            return [
                ("space", .string(space.text)), ("repo", .string(author)),
                ("status", .string(isDown ? "takendown" : "active")),
            ]
        }
    }

    /// Deletes all that is kept for an account, the spaces under its authority with it; gives how many those were.
    private static func delete(_ did: DID, from service: Service, at now: Timestamp) throws -> Int {
        let (accounts, repos, deletion) = (service.accounts, service.spaces.repos, service.spaces.deletion)
        return try service.store.transact(at: now) { transaction in
            let spaces = try deletion.deleteSpaces(of: did, in: transaction)
            try repos.writer(transaction).deleteAccount(did.text)
            try accounts.delete(did, in: transaction)
            return spaces
        }
    }

    private static func find(_ name: String, in accounts: Accounts) throws -> Account {
        guard let found = try accounts.account(named: SignInName(name)) else {
            throw IdentityError(.accountNotFound, "there is no account `\(name)` here")
        }
        return found
    }

    /// Opens the data folder as the service would, which a service that runs on it refuses.
    private static func change(
        _ options: OperatorOptions, _ body: (Service, Timestamp) throws -> [(String, JSON)]
    ) throws(OperatorError) -> String {
        try OperatorAnswer.line {
            var settings = Settings()
            settings.data = options.data
            settings.store = options.store
            guard try settings.isStoreThere() else {
                throw OperatorError(
                    message: "there is no database at `\(settings.storeName)`",
                    hint: "name its folder: --data DIR, or its address: --store postgres://…")
            }
            let service = try Service(settings, log: StructuredLog(level: .error))
            defer {
                service.spaces.stop()
                service.pool.stop(deadline: .seconds(5))
                service.store.close()
            }
            guard let now = service.clock.now() else { throw OperatorError(message: "the clock cannot be read") }
            return try body(service, now)
        }
    }
}
