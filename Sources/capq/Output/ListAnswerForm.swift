import Multiformats

/// Lays one page of a list out: `{schema, NAME: […], complete, cursor}` for programs, a table for people.
enum ListAnswerForm {
    static func answer(_ name: String, _ rows: [JSON], _ table: Table, _ cursor: String?) -> Answer {
        var object = JSONObject(schema: "capq/\(name)/1")
        object[name] = .array(rows)
        object["complete"] = .bool(cursor == nil)
        object["cursor"] = cursor.map { .string($0) } ?? .null
        return Answer(
            json: .object(object), rows: rows, blocks: [.table(table)], notes: PageChoice.note(cursor))
    }
}
