import Multiformats
import UCAN

/// `capq key list`: lists the keys of the key folder.
enum KeyListCommand {
    static let command = Command(
        "list",
        aliases: ["ls"],
        summary: "list keys",
        examples: [Example("capq key list", "every key with its DID")],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let store = KeyStore(home: try surroundings.homeFolder())
        var rows: [JSON] = []
        var cells: [[Cell]] = []
        var notes: [String] = []
        for name in store.names() {
            do throws(Failure) {
                let key = try SigningKey(store.load(name))
                rows.append([
                    "name": .string(name), "did": .string(key.did.text), "curve": .string(key.kind.rawValue),
                ])
                cells.append([Cell(name), Cell(key.kind.rawValue), Cell(id: key.did.text)])
            } catch {
                notes.append(error.message)
            }
        }
        let table = Table(columns: [.init("NAME"), .init("CURVE"), .init("DID", isFlexible: true)], rows: cells)
        if rows.isEmpty { notes.append("no keys yet: `capq key new NAME` makes one") }
        return Answer(
            json: ["schema": "capq/keys/1", "keys": .array(rows)], rows: rows, blocks: [.table(table)], notes: notes)
    }
}
