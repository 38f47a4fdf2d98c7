import CapClient
import Multiformats

/// `capq account ls`: lists the accounts that are logged in.
enum AccountListCommand {
    static let command = Command(
        "ls",
        aliases: ["list"],
        summary: "list the accounts that are logged in",
        examples: [Example("capq account ls", "all of the context, the current one marked", stage: .accounts)],
        exits: [.notFound],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let store = try AccountPlace(arguments, surroundings).store
        let current = try store.current()
        var rows: [JSON] = []
        var cells: [[Cell]] = []
        var notes: [String] = []
        for handle in store.handles() {
            do throws(Failure) {
                guard let session = try store.load(handle) else { continue }
                let isCurrent = current.map { $0.hasSameBytes(as: handle) } ?? false
                rows.append([
                    "handle": .string(handle), "did": .string(session.did), "url": .string(session.url),
                    "current": .bool(isCurrent),
                ])
                cells.append([Cell(isCurrent ? "*" : ""), Cell(handle), Cell(id: session.did), Cell(session.url)])
            } catch {
                notes.append(error.message)
            }
        }
        let table = Table(
            columns: [.init(""), .init("HANDLE"), .init("DID", isFlexible: true), .init("AT", isFlexible: true)],
            rows: cells)
        if rows.isEmpty { notes.append("nobody is logged in: `capq account login HANDLE`") }
        return Answer(
            json: ["schema": "capq/accounts/1", "accounts": .array(rows)], rows: rows, blocks: [.table(table)],
            notes: notes)
    }
}
